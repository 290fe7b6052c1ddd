// The official server SDK as a peer: one JSON command per line in, one JSON answer per line out. `node sdk_peer.mjs NODE_MODULES`
// It is the same side as our server, so it serves as a twin (same request, same verdict), a calculator, and a verifier of our answers.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { join } from "node:path";

const sdk = createRequire(join(process.argv[2], "peer.cjs"))("@shopware-ag/app-server-sdk");
let now = 0, app, repository;

const commands = {
  async start({ appName, appSecret, confirmUrl }) {
    repository = new sdk.InMemoryShopRepository();
    app = new sdk.AppServer({ appName, appSecret, authorizeCallbackUrl: confirmUrl }, repository);
    app.requestVerifier = new sdk.DualSignatureVerifier(app.signer, () => new Date(now));
    return {};
  },
  clock: async ({ at }) => { now = at; return {}; },
  sign: async ({ text, secret }) => ({ signature: await app.signer.sign(text, secret) }),
  verify: async ({ text, signature, secret }) => ({ valid: await app.signer.verify(signature, text, secret) }),
  async signResponse({ text, secret }) {
    const response = new Response(text);
    await app.signer.signResponse(response, secret);
    return { signature: response.headers.get("shopware-app-signature") };
  },
  async register({ url, headers }) {
    const answer = await app.registration.authorize(new Request(url, { headers }));
    return { status: answer.status, body: await answer.json() };
  },
  // The twin learns the secret that our server offered, so that both speak about the same one.
  async offer({ shopId, secret }) {
    const shop = await repository.getShopById(shopId);
    if (!shop.isRegistrationConfirmed()) shop.setShopSecret(secret);
    shop.setPendingShopSecret(secret);
    await repository.updateShop(shop);
    return {};
  },
  async confirm({ url, headers, body, shopId }) {
    const answer = await app.registration.authorizeCallback(new Request(url, { method: "POST", headers, body }));
    const shop = await repository.getShopById(shopId);
    if (answer.status === 204 && shop.getPreviousShopSecret()) shop.setSecretsRotatedAt(new Date(now));
    return { status: answer.status };
  },
  async post({ url, headers, body }) {
    try { await app.contextResolver.fromAPI(new Request(url, { method: "POST", headers, body })); } catch { return { accepted: false }; }
    return { accepted: true };
  },
  async page({ url }) {
    try { await app.contextResolver.fromBrowser(new Request(url)); } catch { return { accepted: false }; }
    return { accepted: true };
  },
  async api({ shopUrl, apiKey, apiSecret, path, body }) {
    const shop = new sdk.SimpleShop("peer", shopUrl, "x");
    shop.setShopCredentials(apiKey, apiSecret);
    const answer = await new sdk.HttpClient(shop).post(path, body);
    return { status: answer.statusCode ?? answer.status, body: answer.body };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...rest } = JSON.parse(line);
  try {
    console.log(JSON.stringify(await commands[op](rest)));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
