// What readers do with a page, done by keyboard where there is a keyboard way.

// Gives the focus to the first of `selector` that has not had it; false at the end.
async function focusNext(page, selector) {
    return page.evaluate((selector) => {
        const next = [...document.querySelectorAll(selector)].find((part) => !part.dataset.used && part.checkVisibility());
        if (!next) {
            return 'end';
        }
        next.dataset.used = 'yes';
        next.focus();
        if (document.activeElement !== next) {
            return `no keyboard reaches ${next.outerHTML.slice(0, 80)}`;
        }
        return next.tagName === 'INPUT' ? next.type : next.tagName.toLowerCase();
    }, selector);
}

// Opens whatever is folded: answers, hints, solutions.
export async function unfold(page, findings, place) {
    const FOLDED = 'main details:not([open]) > summary';
    for (let kind = await focusNext(page, FOLDED); kind !== 'end'; kind = await focusNext(page, FOLDED)) {
        if (kind !== 'summary') {
            findings.faults.push(`${place}: ${kind}`);
            continue;
        }
        await page.keyboard.press('Enter');
    }
    const { closed, questions } = await page.evaluate(() => {
        const questions = new Map();
        for (const choice of document.querySelectorAll('.choice')) {
            let head = choice;
            while (head && head.matches('.choice')) {
                head = head.previousElementSibling;
            }
            const why = choice.querySelector('p');
            const said = questions.get(head) ?? [];
            questions.set(head, [...said, why.checkVisibility() ? why.textContent.trim() : '']);
        }
        return {
            closed: document.querySelectorAll('main details:not([open])').length,
            questions: [...questions].map(([head, said]) => [head ? head.textContent : '', said]),
        };
    });
    findings.expect(closed === 0, place, `${closed} folded parts do not open by Enter`);
    for (const [question, said] of questions) {
        const own = new Set(said).size === said.length && said.every((why) => why.length > 10);
        const right = said.filter((why) => why.startsWith('Yes')).length;
        findings.expect(own && right === 1, place, `'${question}' has not one right answer and an explanation of its own for each`);
    }
}

// Works every control of every figure. What is chosen may look the same as what
// was chosen before, but not whatever else is chosen.
export async function workFigures(page, findings, place) {
    const idle = new Map();
    const looks = () => page.evaluate(() => document.activeElement.closest('.fig').innerText);
    async function use(selector, key) {
        const control = await page.evaluate((selector) => {
            const part = document.querySelectorAll('.fig')[selector.fig].querySelectorAll(selector.controls)[selector.index];
            part.focus();
            return document.activeElement === part ? `${part.name} ${part.value}` : '';
        }, selector);
        if (!control) {
            findings.faults.push(`${place}: no keyboard reaches ${JSON.stringify(selector)}`);
            return;
        }
        const before = await looks();
        await page.keyboard.press(key);
        if ((await looks()) !== before) {
            idle.set(control, false);
        } else if (!idle.has(control)) {
            idle.set(control, true);
        }
    }
    const count = await page.locator('.fig').count();
    for (let fig = 0; fig < count; fig += 1) {
        const kinds = await page.locator('.fig').nth(fig).locator('input, select').evaluateAll((controls) => controls.map(({ type }) => type));
        await playStrips(page, findings, fig, place);
        // On, and off again while the others are on.
        for (const round of [1, 2]) {
            for (const [index, kind] of kinds.entries()) {
                const key = { checkbox: 'Space', radio: 'Space', range: round === 1 ? 'ArrowRight' : 'ArrowLeft' }[kind] ?? 'ArrowDown';
                await use({ fig, controls: 'input, select', index }, key);
                if (kind !== 'checkbox' && round === 1) {
                    await playStrips(page, findings, fig, place);
                }
            }
        }
    }
    const dead = [...idle].filter(([, still]) => still).map(([control]) => control);
    findings.expect(dead.length === 0, place, `of a figure, these change nothing: ${dead.join(', ')}`);
    const strips = await page.evaluate(() => [...document.querySelectorAll('.fig .bar [role=status]')].map((status) => status.textContent));
    findings.expect(strips.every((text) => /^(\d+) of \1$/.test(text)), place, `frames are not all reached: ${strips.join(', ')}`);
}

// As without script: all frames and all cases of every figure one below the other.
export async function spreadFigures(page, spread) {
    return page.evaluate((spread) => {
        const figures = document.querySelectorAll('.fig');
        figures.forEach((figure) => figure.classList.toggle('live', !spread));
        return figures.length;
    }, spread);
}

// Turns the strips of frames that are shown to their last frame, by their button.
async function playStrips(page, findings, fig, place) {
    const bars = page.locator('.fig').nth(fig).locator('.bar');
    for (let index = 0; index < await bars.count(); index += 1) {
        const next = bars.nth(index).locator('button').last();
        if (!(await next.isVisible())) {
            continue;
        }
        await next.focus();
        for (let presses = 0; presses < 50 && (await next.getAttribute('aria-disabled')) === 'false'; presses += 1) {
            await page.keyboard.press('Enter');
        }
        const focused = await next.evaluate((button) => document.activeElement === button);
        findings.expect(focused, place, 'a button at the end of its frames loses the focus');
    }
}

// Whatever shows the hand to a mouse is, or is in, something a keyboard reaches.
export async function mouseOnly(page, findings, place) {
    const found = await page.evaluate(() => [...document.querySelectorAll('body *')].filter((part) => {
        // What holds a button may show the hand, too.
        if (getComputedStyle(part).cursor !== 'pointer' || !part.checkVisibility() || part.querySelector('button')) {
            return false;
        }
        const handle = part.closest('a[href], button, input, select, summary, label, [tabindex]:not([tabindex="-1"])');
        const control = handle && handle.matches('label') ? handle.control : handle;
        return !control || control.disabled;
    }).concat([...document.querySelectorAll('a[href], button, input, select, summary')].filter((control) => (
        control.tabIndex < 0 && control.checkVisibility()
    ))).map((part) => part.outerHTML.slice(0, 80)));
    findings.expect(found.length === 0, place, `for a mouse only: ${found.join(' | ')}`);
}

// Loaded narrow, as on a phone, where the sidebar is closed; then made wider.
export async function sideways(page, findings, widths, place) {
    for (const width of widths) {
        await page.setViewportSize({ width, height: 800 });
        const wide = await page.evaluate(() => {
            const boxes = [document.documentElement, document.body, document.querySelector('#mdbook-content')];
            const box = boxes.find((box) => box && box.scrollWidth > box.clientWidth + 1);
            return box && `${box.tagName} ${box.scrollWidth} > ${box.clientWidth}`;
        });
        findings.expect(!wide, `${place} at ${width}`, `scrolls sideways: ${wide}`);
    }
}

export async function skipLink(page, findings, place) {
    await page.keyboard.press('Tab');
    const first = await page.evaluate(() => document.activeElement.className);
    findings.expect(first === 'skip-link', place, `the first Tab reaches '${first}', not the skip link`);
}

// The sidebar, by its button.
export async function sidebar(page, findings, place) {
    const button = page.locator('#mdbook-sidebar-toggle');
    const shown = () => page.locator('#mdbook-sidebar').getAttribute('aria-hidden');
    const before = await shown();
    await button.focus();
    await page.keyboard.press('Enter');
    findings.expect((await shown()) !== before, place, 'Enter does not switch the sidebar');
    await page.keyboard.press('Space');
    findings.expect((await shown()) === before, place, 'Space does not switch the sidebar back');
}

// Types into the search, and returns the pages of the results, best first.
export async function find(page, words) {
    const field = page.locator('#mdbook-searchbar');
    if (!(await field.isVisible())) {
        await page.locator('#mdbook-search-toggle').press('Enter');
    }
    await field.fill(words);
    await field.press('End');
    // The index is loaded when the search is first opened.
    const told = (words) => document.querySelector('#mdbook-searchresults-header').textContent.includes(`'${words}'`);
    await page.waitForFunction(told, words);
    const results = page.locator('#mdbook-searchresults li > a');
    return results.evaluateAll((links) => links.map((link) => link.pathname.split('/').pop()));
}

// The question's page is among the first three results.
export async function ask(page, findings, questions, place) {
    for (const [asked, wanted] of questions) {
        const found = (await find(page, asked)).slice(0, 3);
        findings.expect(found.includes(wanted), place, `the search for '${asked}' finds ${found.join(', ') || 'nothing'}, not ${wanted}`);
    }
}

// The terminal hands over what is passed; it is shown on this page and the next.
export async function progress(page, findings, base, place) {
    await page.goto(`${base}index.html#progress=ch1:101000,ch2:0000000`);
    await page.goto(`${base}ch1-chroot.html`);
    const steps = await page.locator('.steps a').evaluateAll((steps) => steps.map((step) => [step.className, step.ariaLabel]));
    const passed = steps.map(([look, name]) => look === 'done' && name.endsWith(' (passed)'));
    findings.expect(passed.join() === 'true,false,true,false,false,false', place, `the steps of chapter 1 show as ${JSON.stringify(steps)}`);
    // axe leaves text of a single character out.
    const contrasts = await page.locator('.steps .done').evaluateAll((steps) => steps.map((step) => {
        const light = (color) => color.match(/\d+/g).slice(0, 3).map((part) => part / 255)
            .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
            .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0.05);
        const { color, backgroundColor } = getComputedStyle(step);
        const [dark, bright] = [light(color), light(backgroundColor)].sort((a, b) => a - b);
        return bright / dark;
    }));
    findings.expect(contrasts.every((contrast) => contrast >= 4.5), place, `a passed step has a contrast of ${contrasts}`);
    const dots = await page.locator('#mdbook-sidebar .dots').evaluateAll((dots) => dots.map((dots) => dots.ariaLabel));
    findings.expect(dots.join() === '2 of 6 steps passed,0 of 7 steps passed', place, `the contents show '${dots}'`);
}

// Notes are hidden from readers, shown to whoever teaches, here and on the next page.
export async function teach(page, findings, base, place) {
    const shown = () => page.locator('.teach').evaluateAll((notes) => notes.filter((note) => note.checkVisibility()).length);
    await page.goto(`${base}ch1-chroot.html`);
    findings.expect((await shown()) === 0, place, 'notes are shown to every reader');
    await page.goto(`${base}teaching-guide.html`);
    await page.locator('main a[href$="?teach"]').first().press('Enter');
    await page.waitForURL(/\?teach/);
    findings.expect((await shown()) > 0, place, 'the teaching guide leads to no notes');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL((url) => !url.pathname.endsWith('index.html') && !url.pathname.endsWith('introduction.html'));
    findings.expect((await shown()) > 0, place, 'the next page shows no notes');
}

// Slides: a 16:9 frame, large type, arrow and page keys, on to the next page.
export async function present(page, findings, base, place) {
    await page.goto(`${base}ch1-chroot.html?present`);
    const status = page.locator('.views [role=status]');
    const counts = async () => (await status.textContent()).split(' of ').map(Number);
    await page.waitForFunction(() => /^1 of /.test(document.querySelector('.views [role=status]').textContent));
    const look = await page.evaluate(() => {
        const main = document.querySelector('main');
        return {
            ratio: main.offsetWidth / main.offsetHeight,
            size: parseFloat(getComputedStyle(main).fontSize) / main.offsetWidth,
            over: Math.max(main.offsetWidth - innerWidth, main.offsetHeight - innerHeight),
        };
    });
    findings.expect(look.over <= 0, place, `the frame is ${look.over} pixels larger than the window`);
    findings.expect(Math.abs(look.ratio - 16 / 9) < 0.01, place, `the frame is ${look.ratio} times as wide as high`);
    findings.expect(look.size > 1 / 50, place, `type is 1/${Math.round(1 / look.size)} of the frame's width`);
    const [, all] = await counts();
    const texts = new Set();
    for (const key of ['ArrowRight', 'PageDown']) {
        await page.keyboard.press(key);
        texts.add(await page.locator('main').innerText());
    }
    findings.expect((await counts())[0] === 3 && texts.size === 2, place, 'the keys do not turn the slides');
    await page.keyboard.press('PageUp');
    findings.expect((await counts())[0] === 2, place, 'a key does not turn back');
    const seen = await page.evaluate((all) => {
        const found = new Set();
        const press = (key) => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        for (let slide = 1; slide < all; slide += 1) {
            document.querySelectorAll('main > *').forEach((block) => block.checkVisibility() && found.add(block));
            if (slide < all - 1) {
                press('ArrowRight');
            }
        }
        return found.size;
    }, all);
    findings.expect(seen > 50, place, `the slides show ${seen} parts of the page`);
    await page.keyboard.press('End');
    const before = page.url();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL((url) => url.href !== before && url.search === '?present');
}

// Without script there are the text, every frame, every answer, and the contents.
export async function withoutScript(page, findings, place) {
    const text = await page.locator('main').innerText();
    findings.expect(text.length > 100, place, 'no text');
    const hidden = await page.locator('.fig .frames > li').evaluateAll((frames) => frames.filter((frame) => !frame.checkVisibility()).length);
    findings.expect(hidden === 0, place, `${hidden} frames are hidden`);
    const answers = await page.locator('.choice').evaluateAll((choices) => {
        choices.forEach((choice) => choice.querySelector('summary').click());
        return choices.filter((choice) => !choice.querySelector('p').checkVisibility()).length;
    });
    findings.expect(answers === 0, place, `${answers} answers do not open`);
    findings.expect(await page.locator('.contents-link').isVisible(), place, 'no way to the contents');
}
