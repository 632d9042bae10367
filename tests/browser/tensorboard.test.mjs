// Protects: TensorBoard's own pages show a run without a fault of the page.
//
// SWITCHBACK is the built program, SWITCHBACK_TENSORBOARD TensorBoard, SWITCHBACK_CHROMIUM the browser.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import assert from "node:assert/strict";

const require = createRequire(process.env.SWITCHBACK_BROWSER_MODULES ?? import.meta.url);
const { chromium } = require("playwright-core");
const folder = mkdtempSync(join(tmpdir(), "switchback-board-"));
let browser, server, address;

before(async () => {
  const words = ["experiment", "--run-dir", "run", "--steps", "2000", "--num-samples", "500"];
  const ran = spawnSync(process.env.SWITCHBACK, words, { cwd: folder, encoding: "utf8" });
  assert.ok([0, 1].includes(ran.status), ran.stderr);
  const logdir = join(folder, "run");
  const options = ["--logdir", logdir, "--host", "127.0.0.1", "--port", "0", "--load_fast=false"];
  server = spawn(process.env.SWITCHBACK_TENSORBOARD, options, { stdio: ["ignore", "ignore", "pipe"] });
  address = await new Promise((resolve, reject) => {
    let said = "";
    server.stderr.on("data", (chunk) => {
      said += chunk;
      const found = said.match(/http:\/\/127\.0\.0\.1:\d+\//);
      if (found) resolve(found[0]);
    });
    server.on("exit", () => reject(new Error(said)));
  });
  const executablePath = process.env.SWITCHBACK_CHROMIUM ?? "/usr/bin/chromium";
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  server?.removeAllListeners("exit");
  server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

for (const [tab, words] of [
  ["timeseries", ["likelihood", "tau"]],
  ["scalars", ["likelihood", "tau"]],
  ["images", ["fit"]],
  ["histograms", ["draws"]],
  ["text", ["verdict"]],
  ["hparams", ["learning_rate", "gap/nats"]],
  ["custom_scalars", ["Every method"]],
  ["graphs", ["adam"]],
]) {
  test(`the tab ${tab} shows what was logged`, { timeout: 120_000 }, async () => {
    const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
    const wrong = [];
    page.on("pageerror", (error) => wrong.push(String(error)));
    await page.goto(`${address}#${tab}`);
    for (const word of words) {
      await page.getByText(word, { exact: false }).first().waitFor({ state: "attached", timeout: 60_000 });
    }
    assert.deepEqual(wrong, []);
    await page.close();
  });
}
