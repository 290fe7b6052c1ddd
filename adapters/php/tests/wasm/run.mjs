// Runs a suite of PHP tests with a WebAssembly build of PHP: node run.mjs VERSION FOLDER
// FOLDER holds a phpunit.xml. The exit code is that of runner/run.php.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';

const [version, suite] = process.argv.slice(2);
const here = fileURLToPath(new URL('..', import.meta.url));
const installed = createRequire(join(process.env.PHP_WASM, 'package.json'));
const load = name => import(pathToFileURL(installed.resolve(name)));
const { PHP } = await load('@php-wasm/universal');
const { loadNodeRuntime, useHostFilesystem } = await load('@php-wasm/node');

async function freePort() {
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 12000);  // a port that no outgoing connection is given
    const server = createServer();
    const free = await new Promise(done => server.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true)));
    if (free) return new Promise(done => server.close(() => done(port)));
  }
}

function answers(port) {
  return new Promise(done => {
    const socket = connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
    socket.once('error', () => done(false));
  });
}

async function startBridge(folder, port) {
  writeFileSync(join(folder, 'answers.json'), '[]');
  const server = spawn('php', ['-S', `127.0.0.1:${port}`, join(here, 'local_bridge_router.php')],
    { env: { ...process.env, LOCAL_BRIDGE: folder }, stdio: 'ignore' });
  while (!await answers(port)) await new Promise(done => setTimeout(done, 25));
  return server;
}

const folder = mkdtempSync(join(tmpdir(), 'bridge-php-'));
const port = await freePort();
const bridge = await startBridge(folder, port);
const ENV = { LOCAL_BRIDGE: folder, LOCAL_BRIDGE_URL: `http://127.0.0.1:${port}`, LOCAL_BRIDGE_FREE_PORT: String(await freePort()) };
try {
  process.chdir(suite);
  const php = new PHP(await loadNodeRuntime(version, { emscriptenOptions: { processId: process.pid, ENV } }));
  useHostFilesystem(php);
  // The optimizer of the 7.2 build adds integers wrongly.
  const run = await php.cli(['php', '-d', 'opcache.enable_cli=0', join(here, 'runner', 'run.php'), process.cwd()]);
  const pass = stream => new WritableStream({ write(chunk) { stream.write(chunk); } });
  await Promise.all([run.stdout.pipeTo(pass(process.stdout)), run.stderr.pipeTo(pass(process.stderr))]);
  process.exitCode = await run.exitCode;
} finally {
  bridge.kill();
  rmSync(folder, { recursive: true });
}
process.exit();
