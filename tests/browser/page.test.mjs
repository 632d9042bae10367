// Protects: the page of a run, in a real browser: complete, quiet, accessible, and true to its run.
//
// SWITCHBACK is the built program, SWITCHBACK_CHROMIUM the browser (default: chromium on the path).
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import assert from "node:assert/strict";

const require = createRequire(process.env.SWITCHBACK_BROWSER_MODULES ?? import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const MARKUP = "<img src=x onerror=alert(1)>";
const SECTIONS = ["found", "data", "methods", "climbs", "draws", "again"];
const folder = mkdtempSync(join(tmpdir(), "switchback-page-"));
let browser;

function run(...words) {
  const ran = spawnSync(process.env.SWITCHBACK, words, { cwd: folder, encoding: "utf8" });
  assert.ok([0, 1].includes(ran.status), `${words.join(" ")}: ${ran.status} ${ran.stderr}`);
  return ran.stdout;
}

before(async () => {
  const rows = Array.from({ length: 40 }, (_, row) => (row % 7) + (row < 20 ? 0 : 30));
  writeFileSync(join(folder, `${MARKUP}.csv`), `${MARKUP}\n${rows.join("\n")}\n`);
  run("compare", "--run-dir", "compare");
  run("experiment", "--run-dir", "experiment", "--steps", "2000", "--num-samples", "1000");
  run("optimize", `${MARKUP}.csv`, "--run-dir", "hostile");
  run("sample", "--likelihood", "normal-shared-sd", "--regimes", "0,1,0", "--sampler", "compound", "--run-dir", "sample");
  run("report", "compare", "experiment", "-o", "both.html");
  const executablePath = process.env.SWITCHBACK_CHROMIUM ?? "/usr/bin/chromium";
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

// The page from disk, with everything that goes wrong in it.
async function open(file, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("dialog", (dialog) => wrong.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("request", (request) => !/^(file|data):/.test(request.url()) && wrong.push(request.url()));
  await page.goto(`file://${join(folder, file)}`);
  return { page, wrong, close: () => context.close() };
}

for (const [file, sections] of [
  ["compare/report.html", SECTIONS],
  ["experiment/report.html", SECTIONS],
  ["both.html", SECTIONS],
  ["sample/report.html", SECTIONS.filter((name) => name !== "climbs")],
  ["hostile/report.html", SECTIONS.filter((name) => name !== "draws")],
]) {
  test(`${file} has its sections, and nothing goes wrong in it`, async () => {
    const { page, wrong, close } = await open(file);
    const found = await page.$$eval("main section", (all) => all.map((section) => section.id));
    assert.deepEqual(found, sections);
    for (const name of sections.filter((name) => !["found", "again"].includes(name))) {
      const svg = await page.$$eval(`#${name} svg[role=img] > title`, (all) => all.map((title) => title.textContent));
      assert.ok(svg.length > 0 && svg.every((title) => title.length > 3), `${name}: ${svg}`);
    }
    assert.deepEqual(wrong, []);
    assert.ok(statSync(join(folder, file)).size < 5_000_000 * (file === "both.html" ? 2 : 1));
    await close();
  });
}

test("a screen reader and a keyboard find their way, in light and in dark", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, close } = await open("compare/report.html", { colorScheme, bypassCSP: true });
    await page.addScriptTag({ content: axe });
    const found = await page.evaluate(() => globalThis.axe.run());
    const serious = found.violations.filter((of) => ["serious", "critical"].includes(of.impact));
    assert.deepEqual(serious.map((of) => `${of.id}: ${of.nodes[0].html.slice(0, 200)}`), [], colorScheme);
    const figure = page.locator("#methods .figure").first();
    await figure.focus();
    await page.keyboard.press("ArrowRight");
    assert.match(await page.locator("#methods figcaption [aria-live]").first().textContent(), /mu1/);
    await close();
  }
});

test("neither a phone nor a dark room makes it wider than its window", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 768, 1600]) {
      const { page, close } = await open("compare/report.html", { colorScheme, viewport: { width, height: 800 } });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${colorScheme} ${width}: ${wide}`);
      await close();
    }
  }
});

test("dark is dark, and the figures with it", async () => {
  const brightness = async (colorScheme) => {
    const { page, close } = await open("compare/report.html", { colorScheme });
    const of = (name) => page.$eval(name, (element) => {
      const style = getComputedStyle(element);
      const colour = element.tagName === "rect" ? style.fill : style.backgroundColor;
      return colour.match(/\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b) / 3;
    });
    const found = [await of("body"), await of("#data svg rect")];
    await close();
    return found;
  };
  for (const light of await brightness("light")) assert.ok(light > 230, `${light}`);
  for (const dark of await brightness("dark")) assert.ok(dark < 60, `${dark}`);
});

test("pointing at the forest tells the value of the comparison", async () => {
  const { page, close } = await open("compare/report.html");
  const comparison = JSON.parse(readFileSync(join(folder, "compare/comparison.json"), "utf8"));
  const figure = page.locator("#methods .figure").first();
  await figure.scrollIntoViewIfNeeded();
  const spots = JSON.parse(await figure.locator("script").textContent());
  const [width] = (await figure.getAttribute("data-size")).split(" ").map(Number);
  const size = await figure.locator("svg").boundingBox();
  const k = size.width / width;
  let n = 0;
  for (const row of comparison.rows.slice(0, 3)) {
    const index = comparison.rows.indexOf(row);
    const [x, y, text] = spots.filter((spot) => spot[2].startsWith("mu1 "))[index];
    await page.mouse.move(size.x + x * k, size.y + y * k);
    const shown = await figure.locator(".value").textContent();
    assert.equal(shown, text);
    const value = Number(shown.match(/^mu1 ([^,]+),/)[1].replace("\u2212", "-").replaceAll("\u2009", ""));
    assert.ok(Math.abs(value - row.estimate.mu1) < 1e-5 * Math.abs(row.estimate.mu1), `${shown} ${row.estimate.mu1}`);
    n += 1;
  }
  assert.equal(n, 3);
  await close();
});

test("a table sorts by the heading that is asked for, missing values last", async () => {
  const { page, close } = await open("compare/report.html");
  const table = page.locator("#methods table");
  const heading = table.locator("th", { hasText: /^greatest r_hat$/ });
  for (const order of ["ascending", "descending"]) {
    await heading.locator("button").click();
    assert.equal(await heading.getAttribute("aria-sort"), order);
    const column = await heading.evaluate((cell) => cell.cellIndex);
    const values = await table.locator("tbody tr").evaluateAll((rows, column) => rows.map((row) => row.cells[column].dataset.value), column);
    const numbers = values.filter((value) => value !== undefined).map(Number);
    assert.ok(numbers.length > 2);
    const sorted = [...numbers].sort((a, b) => (order === "ascending" ? a - b : b - a));
    assert.deepEqual(numbers, sorted);
    assert.ok(values.slice(numbers.length).every((value) => value === undefined));
  }
  await close();
});

test("a dragged part of a figure is enlarged until Escape", async () => {
  const { page, close } = await open("compare/report.html");
  const figure = page.locator("#data .figure").first();
  await figure.scrollIntoViewIfNeeded();
  const svg = figure.locator("svg");
  const whole = await svg.getAttribute("viewBox");
  const size = await svg.boundingBox();
  await page.mouse.move(size.x + 300, size.y + 200);
  await page.mouse.down();
  await page.mouse.move(size.x + 600, size.y + 210);
  await page.mouse.up();
  const part = (await svg.getAttribute("viewBox")).split(" ").map(Number);
  assert.ok(part[2] < 0.5 * Number(whole.split(" ")[2]), `${part}`);
  await figure.focus();
  await page.keyboard.press("Escape");
  assert.equal(await svg.getAttribute("viewBox"), whole);
  await close();
});

test("names from outside are text", async () => {
  const { page, wrong, close } = await open("hostile/report.html");
  assert.equal(await page.locator("img").count(), 0);
  assert.ok((await page.locator("h1").textContent()).startsWith(MARKUP));
  assert.deepEqual(wrong, []);
  await close();
});

test("on paper no figure is cut", async () => {
  const { page, close } = await open("compare/report.html");
  await page.emulateMedia({ media: "print" });
  const pdf = await page.pdf({ format: "A4", printBackground: true });
  assert.ok(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 50_000);
  const rules = await page.$$eval("figure", (all) => all.map((figure) => [getComputedStyle(figure).breakInside, figure.querySelector("svg").getBoundingClientRect().height]));
  // An A4 page is 1123 pixels high.
  for (const [rule, height] of rules) assert.ok(rule === "avoid" && height < 1000, `${rule} ${height}`);
  assert.equal(await page.locator("nav").isVisible(), false);
  await close();
});
