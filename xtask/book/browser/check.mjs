// Opens every page of the built book in headless Chromium and measures what a
// reader gets. Called by `book-tool browser`:
//
//     node check.mjs PAGES MODULES [CHROMIUM]
//
// PAGES is the built book, MODULES a directory whose node_modules has
// playwright-core and axe-core, as package-lock.json here names them.
//
// reader.mjs opens pages and notes faults; uses.mjs has what is done on them.

import { createRequire } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { Findings, barriers, open, serve, weight } from './reader.mjs';
import * as uses from './uses.mjs';

const [pages, modules, browserPath = '/usr/bin/chromium'] = process.argv.slice(2).map((path) => resolve(path));
if (!modules) {
    console.error('usage: node check.mjs PAGES MODULES [CHROMIUM]');
    process.exit(2);
}
const require = createRequire(join(modules, 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const questions = JSON.parse(readFileSync(new URL('./questions.json', import.meta.url), 'utf8'));

const WIDTHS = [320, 375, 768, 1280];
const KIB = 1024;
const MEDIAN_WEIGHT = 130 * KIB;
const MOST_WEIGHT = 180 * KIB;
// Pages open at once: one more than there are processors, since pages wait, too.
const AT_ONCE = availableParallelism() + 1;
// What a search or a key must have done within, on a busy machine.
const PATIENCE = 20_000;

const findings = new Findings();
const weights = [];
const server = await serve(pages);
const site = `http://127.0.0.1:${server.address().port}/`;
const files = `${pathToFileURL(pages)}/`;
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox', '--disable-gpu'] });

// A context of its own has an empty cache: each page is weighed as a first
// visit. Colors that are still changing have no contrast to be measured.
async function inContext(options, work) {
    const context = await browser.newContext({ viewport: { width: WIDTHS[0], height: 800 }, reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(PATIENCE);
    await context.addInitScript(() => { window.print = () => {}; });
    try {
        await work(context);
    } finally {
        await context.close();
    }
}

// Everything about one page, in one visit: as it comes on a phone, then wide,
// with all that can be opened opened, in both themes.
function visit(name) {
    return (context) => inTurn(name, async (place) => {
        const seen = new Map();
        const page = await open(context, findings, { address: site + name, origin: site, place, seen });
        if (name !== 'print.html') {
            weights.push({ name, weight: await weight(seen) });
        }
        // The contents alone have nothing to skip.
        if (name !== 'toc.html') {
            await uses.skipLink(page, findings, place);
        }
        await uses.sideways(page, findings, WIDTHS, place);
        await uses.unfold(page, findings, place);
        await uses.workFigures(page, findings, place);
        await uses.mouseOnly(page, findings, place);
        // With the focus elsewhere; the skip link covers buttons while it has it.
        await page.evaluate(() => document.activeElement.blur());
        for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({ colorScheme });
            await barriers(page, findings, axe, `${place}, ${colorScheme}`);
            if (await uses.spreadFigures(page, true)) {
                await barriers(page, findings, axe, `${place}, ${colorScheme}, all frames`, '.fig');
            }
            await uses.spreadFigures(page, false);
        }
    });
}

function inTurn(place, work) {
    return findings.attempt(place, () => work(place));
}

// What a reader uses on any page: the sidebar, the themes, the search.
function controls(colorScheme) {
    return (context) => inTurn(`controls, ${colorScheme}`, async (place) => {
        const page = await open(context, findings, { address: `${site}index.html`, origin: site, place });
        const look = await page.evaluate(() => document.documentElement.classList.contains('navy'));
        findings.expect(look === (colorScheme === 'dark'), place, 'the theme is not the one of the system');
        await barriers(page, findings, axe, `${place}, sidebar open`);
        await uses.sidebar(page, findings, place);
        await page.locator('#mdbook-theme-toggle').press('Enter');
        await barriers(page, findings, axe, `${place}, themes open`);
        await page.keyboard.press('Escape');
        const found = await uses.find(page, 'namespace');
        findings.expect(found.length > 0, place, 'the search finds nothing for "namespace"');
        await barriers(page, findings, axe, `${place}, search open`);
    });
}

// The views for teaching, as they are reached and as they look.
function views(colorScheme) {
    return (context) => inTurn(`views, ${colorScheme}`, async (place) => {
        const page = await open(context, findings, { address: `${site}index.html`, origin: site, place });
        await uses.teach(page, findings, site, place);
        await page.goto(`${site}ch1-chroot.html?teach`);
        await barriers(page, findings, axe, `${place}, ?teach`);
        await uses.present(page, findings, site, place);
        await page.goto(`${site}ch1-chroot.html?present`);
        await barriers(page, findings, axe, `${place}, ?present`);
        await uses.progress(page, findings, site, place);
        await barriers(page, findings, axe, `${place}, steps passed`);
    });
}

function asked(context) {
    return inTurn('search', async (place) => {
        const page = await open(context, findings, { address: `${site}index.html`, origin: site, place });
        await uses.ask(page, findings, questions, place);
    });
}

// From a disk, without a server: script, search, contents, progress.
function fromDisk(context) {
    return inTurn('file://', async (place) => {
        const page = await open(context, findings, { address: `${files}index.html`, origin: files, place });
        await uses.ask(page, findings, questions.slice(0, 3), place);
        await page.locator('#mdbook-sidebar a[href$="ch1-chroot.html"]').click();
        await page.waitForURL(`${files}ch1-chroot.html`);
        await uses.progress(page, findings, files, place);
        await uses.teach(page, findings, files, place);
    });
}

function unknownAddress(context) {
    return inTurn('an unknown address', async (place) => {
        const address = `${site}no/such/page.html`;
        const page = await open(context, findings, { address, origin: site, place, missing: true });
        findings.expect(await page.locator('main h1').isVisible(), place, 'there is no page for it');
        await barriers(page, findings, axe, place);
        await page.locator('main a[href="toc.html"]').press('Enter');
        await page.waitForURL(`${site}toc.html`);
    });
}

function scriptless(context) {
    return inTurn('without script', async () => {
        for (const name of names.filter((name) => !['toc.html', 'print.html'].includes(name))) {
            const place = `${name} without script`;
            const page = await open(context, findings, { address: site + name, origin: site, place });
            await uses.withoutScript(page, findings, place);
            if (name === 'index.html') {
                await page.locator('.contents-link').click();
                findings.expect((await page.locator('main a').count()) > 10, place, 'no contents');
            }
            await page.close();
        }
    });
}

const names = readdirSync(pages).filter((name) => name.endsWith('.html')).sort();
const wide = { viewport: { width: 1280, height: 800 } };
// The longest first: the print page is as long as all others together.
const jobs = [
    [{}, visit('print.html')],
    [{ javaScriptEnabled: false }, scriptless],
    ...['light', 'dark'].map((colorScheme) => [{ ...wide, colorScheme }, views(colorScheme)]),
    ...['light', 'dark'].map((colorScheme) => [{ ...wide, colorScheme }, controls(colorScheme)]),
    [wide, asked],
    [wide, fromDisk],
    [wide, unknownAddress],
    ...names.filter((name) => name !== 'print.html').map((name) => [{}, visit(name)]),
];
async function work() {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
        await inContext(...job);
    }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
await browser.close();
server.close();

weights.sort((a, b) => a.weight - b.weight);
const median = weights[Math.floor(weights.length / 2)].weight;
const most = weights[weights.length - 1];
findings.expect(median <= MEDIAN_WEIGHT, 'weight', `${Math.round(median / KIB)} KiB in the median`);
findings.expect(most.weight <= MOST_WEIGHT, most.name, `${Math.round(most.weight / KIB)} KiB`);

for (const fault of findings.faults) {
    console.error(fault);
}
console.log(`${names.length} pages, ${Math.round(median / KIB)} KiB in the median, ${Math.round(most.weight / KIB)} KiB at most (${most.name})`);
console.log(`browser: ${findings.passed} passed, ${findings.faults.length} failed`);
process.exitCode = findings.faults.length === 0 ? 0 : 1;
