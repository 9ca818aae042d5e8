// Opens every page of the built book in headless Chromium and measures what a
// reader gets. Called by `book-tool browser`:
//
//     node check.mjs PAGES MODULES [CHROMIUM]
//
// PAGES is the built book, MODULES a directory whose node_modules has
// playwright-core and axe-core, as package-lock.json here names them.

import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { extname, join, normalize, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const [pages, modules, browserPath = '/usr/bin/chromium'] = process.argv.slice(2).map((path) => resolve(path));
if (!modules) {
    console.error('usage: node check.mjs PAGES MODULES [CHROMIUM]');
    process.exit(2);
}
const require = createRequire(join(modules, 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const THEMES = ['light', 'dark'];
const WIDTHS = [320, 375, 768, 1280];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const KIB = 1024;
const MEDIAN_WEIGHT = 130 * KIB;
const MOST_WEIGHT = 180 * KIB;
// Not read page by page: all chapters on one page, for the printer.
const WITHOUT_WEIGHT = ['print.html'];

const faults = [];
let passed = 0;

function expect(holds, place, fault) {
    if (holds) {
        passed += 1;
    } else {
        faults.push(`${place}: ${fault}`);
    }
}

// What does not work at all is a fault among others, not the end.
async function attempt(place, work) {
    try {
        await work();
    } catch (error) {
        faults.push(`${place}: ${error.message.split('\n')[0]}`);
    }
}

const TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css',
    '.js': 'text/javascript',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
};

function serve() {
    const server = createServer((request, response) => {
        const path = normalize(join(pages, decodeURIComponent(new URL(request.url, 'http://x').pathname)));
        if (!path.startsWith(pages) || !existsSync(path)) {
            response.writeHead(404).end();
            return;
        }
        response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' });
        response.end(readFileSync(path));
    });
    return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

// A page that notes what goes wrong and what is loaded.
async function open(context, address, place) {
    const page = await context.newPage();
    const seen = { weight: 0, bodies: [] };
    page.on('pageerror', (error) => faults.push(`${place}: script error: ${error.message}`));
    page.on('console', (message) => {
        if (message.type() === 'error') {
            faults.push(`${place}: ${message.text()}`);
        }
    });
    page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(origin) && !url.startsWith('data:')) {
            faults.push(`${place}: request to ${url}`);
        }
    });
    page.on('response', (response) => {
        if (response.url().startsWith(origin)) {
            seen.bodies.push(response.body().then((body) => (seen.weight += gzipSync(body).length), () => {}));
        }
    });
    await page.goto(address, { waitUntil: 'load' });
    return { page, seen };
}

async function barriers(page, place) {
    await page.evaluate(axe);
    const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), RULES);
    for (const { id, help, nodes } of violations) {
        const where = nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ');
        faults.push(`${place}: ${id}: ${help} (${nodes.length}): ${where}`);
    }
    passed += violations.length === 0 ? 1 : 0;
}

// Loaded narrow, as on a phone, where the sidebar is closed; then made wider.
async function sideways(context, address, place) {
    const { page } = await open(context, address, place);
    for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate(() => {
            const boxes = [document.documentElement, document.body, document.querySelector('#mdbook-content')];
            const box = boxes.find((box) => box && box.scrollWidth > box.clientWidth + 1);
            return box && `${box.tagName} ${box.scrollWidth} > ${box.clientWidth}`;
        });
        expect(!wide, `${place} at ${width}`, `scrolls sideways: ${wide}`);
    }
    await page.close();
}

async function skipLink(page, place) {
    await page.keyboard.press('Tab');
    const first = await page.evaluate(() => document.activeElement.className);
    expect(first === 'skip-link', place, `the first Tab reaches '${first}', not the skip link`);
}

// What a reader uses on any page: the sidebar, the themes, the search.
async function useControls(context, address, place) {
    const { page } = await open(context, address, place);
    const button = page.locator('#mdbook-sidebar-toggle');
    const shown = () => page.locator('#mdbook-sidebar').getAttribute('aria-hidden');
    const before = await shown();
    await button.focus();
    await page.keyboard.press('Enter');
    expect((await shown()) !== before, place, 'Enter does not switch the sidebar');
    await page.keyboard.press('Space');
    expect((await shown()) === before, place, 'Space does not switch the sidebar back');

    await page.locator('#mdbook-theme-toggle').press('Enter');
    await barriers(page, `${place}, themes open`);
    await page.keyboard.press('Escape');

    await page.locator('#mdbook-search-toggle').press('Enter');
    await page.keyboard.type('namespace');
    const result = page.locator('#mdbook-searchresults li a').first();
    const found = await result.waitFor({ timeout: 5000 }).then(() => true, () => false);
    expect(found, place, 'the search finds nothing for "namespace"');
    await barriers(page, `${place}, search open`);
    await page.close();
}

// Without script there are the text and the table of contents.
async function withoutScript(browser, address, place) {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(address);
    const text = await page.locator('main').innerText();
    expect(text.length > 100, place, 'no text without script');
    expect(await page.locator('.contents-link').isVisible(), place, 'no way to the contents without script');
    await page.locator('.contents-link').click();
    expect((await page.locator('main a').count()) > 10, place, 'no contents without script');
    await context.close();
}

const server = await serve();
const origin = `http://127.0.0.1:${server.address().port}/`;
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
const names = readdirSync(pages).filter((name) => name.endsWith('.html')).sort();
const weights = [];

for (const theme of THEMES) {
    for (const name of names) {
        const place = `${name}, ${theme}`;
        // A new context has an empty cache: each page is weighed as a first visit.
        const context = await browser.newContext({ colorScheme: theme, viewport: { width: 1280, height: 800 } });
        await context.addInitScript(() => { window.print = () => {}; });
        await attempt(place, async () => {
            const { page, seen } = await open(context, origin + name, place);
            await Promise.all(seen.bodies);
            if (theme === 'light' && !WITHOUT_WEIGHT.includes(name)) {
                weights.push({ name, weight: seen.weight });
            }
            // The contents alone have nothing to skip.
            if (name !== 'toc.html') {
                await skipLink(page, place);
            }
            await barriers(page, place);
        });
        await context.close();
    }
    const context = await browser.newContext({ colorScheme: theme, viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(10_000);
    const place = `controls, ${theme}`;
    await attempt(place, () => useControls(context, `${origin}index.html`, place));
    await context.close();
}
const phone = await browser.newContext({ viewport: { width: WIDTHS[0], height: 800 } });
await phone.addInitScript(() => { window.print = () => {}; });
for (const name of names) {
    await attempt(name, () => sideways(phone, origin + name, name));
}
await attempt('without script', () => withoutScript(browser, `${origin}index.html`, 'without script'));
await browser.close();
server.close();

weights.sort((a, b) => a.weight - b.weight);
const median = weights[Math.floor(weights.length / 2)].weight;
const most = weights[weights.length - 1];
expect(median <= MEDIAN_WEIGHT, 'weight', `${Math.round(median / KIB)} KiB in the median`);
expect(most.weight <= MOST_WEIGHT, most.name, `${Math.round(most.weight / KIB)} KiB`);

for (const fault of faults) {
    console.error(fault);
}
console.log(`${names.length} pages, ${Math.round(median / KIB)} KiB in the median, ${Math.round(most.weight / KIB)} KiB at most (${most.name})`);
console.log(`browser: ${passed} passed, ${faults.length} failed`);
process.exitCode = faults.length === 0 ? 0 : 1;
