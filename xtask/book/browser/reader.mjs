// One reader: opens pages, and notes whatever goes wrong on them.

import { createServer } from 'node:http';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { gzipSync } from 'node:zlib';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css',
    '.js': 'text/javascript',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
};

// What was expected, and what was found instead.
export class Findings {
    faults = [];
    passed = 0;

    expect(holds, place, fault) {
        if (holds) {
            this.passed += 1;
        } else {
            this.faults.push(`${place}: ${fault}`);
        }
    }

    // What does not work at all is a fault among others, not the end.
    async attempt(place, work) {
        try {
            await work();
        } catch (error) {
            this.faults.push(`${place}: ${error.message.split('\n')[0]}`);
        }
    }
}

// Serves the built pages as a site does: an unknown address gets the page for it.
export function serve(pages) {
    const server = createServer((request, response) => {
        const path = normalize(join(pages, decodeURIComponent(new URL(request.url, 'http://x').pathname)));
        const found = path.startsWith(pages) && existsSync(path) && statSync(path).isFile();
        const file = found ? path : join(pages, '404.html');
        response.writeHead(found ? 200 : 404, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
        response.end(readFileSync(file));
    });
    return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

// Opens an address in a new tab. `origin` is all that a page may load from.
// With `seen`, the bodies that arrive are noted there, by their addresses;
// `missing` says that the page is not there, and that this is no fault.
export async function open(context, findings, { address, origin, place, seen, missing }) {
    const page = await context.newPage();
    page.on('pageerror', (error) => findings.faults.push(`${place}: script error: ${error.message}`));
    page.on('console', (message) => {
        if (message.type() === 'error' && !(missing && message.location().url === address)) {
            findings.faults.push(`${place}: ${message.text()}`);
        }
    });
    page.on('request', (request) => {
        const url = request.url();
        if (!url.startsWith(origin) && !url.startsWith('data:')) {
            findings.faults.push(`${place}: request to ${url}`);
        }
    });
    if (seen) {
        page.on('response', (response) => seen.set(response.url(), response.body().catch(() => Buffer.alloc(0))));
    }
    await page.goto(address, { waitUntil: 'load' });
    return page;
}

// What all that was seen weighs as it is sent, in bytes. The same style and
// scripts come with every page and are packed once.
const packed = new Map();
export async function weight(seen) {
    let sum = 0;
    for (const [url, body] of seen) {
        if (!packed.has(url)) {
            packed.set(url, gzipSync(await body).length);
        }
        sum += packed.get(url);
    }
    return sum;
}

// What axe finds on the page, or in the parts that `scope` selects.
export async function barriers(page, findings, axe, place, scope = 'html') {
    if (!(await page.evaluate(() => 'axe' in window))) {
        await page.evaluate(axe);
    }
    const violations = await page.evaluate(async ([tags, scope]) => {
        const { violations } = await window.axe.run(scope === 'html' ? document : scope, { runOnly: tags, resultTypes: ['violations'] });
        return violations.map(({ id, help, nodes }) => {
            const where = nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ');
            return `${id}: ${help} (${nodes.length}): ${where}`;
        });
    }, [RULES, scope]);
    findings.expect(violations.length === 0, place, violations.join(`\n${place}: `));
}
