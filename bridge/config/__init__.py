"""YAML → frozen settings; all mistakes reported at once, with file, line, key and what to write instead.

    load(path, provider_types) -> Config        raises errors.ConfigError(problems)
    Config                                      path, service: ServiceConfig, merchants, refused: RefusedProfile…, warnings
    Profiles(config, provider_types)            ports.Shops, provider_settings(merchant, provider), accounts(), reload() -> problems

`provider_types` is a provider's name → ports.ProviderType; the caller finds them, nothing here names a provider.
"""

from bridge.config.loading import Config, load
from bridge.config.models import MerchantProfile, Outgoing, ServiceConfig, ShopProfile
from bridge.config.profiles import Profiles

__all__ = [
    "Config",
    "MerchantProfile",
    "Outgoing",
    "Profiles",
    "ServiceConfig",
    "ShopProfile",
    "load",
]
