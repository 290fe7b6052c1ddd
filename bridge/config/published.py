"""The keys and secrets that are published with the sources (`config/merchants/demo.yaml`, `config/demo/`): for the sandbox, and never for money."""

PUBLISHED = frozenset(
    {
        "sha256:8d3d08b372880ac37a28a299ec95fea96f3826cae1e82cfac6b901add736ca86",
        "whsec_ZGVtby1vbmx5LWtub3duLXRvLWV2ZXJ5Ym9keQ==",
        "demo-wallet-password",
    }
)
"""The hash of the demo's API key, its notification secret, its password at the provider."""
