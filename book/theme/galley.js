// What the stock script leaves undone. Without script the book reads as well.
'use strict';

// The sidebar's switch is a button here, so it must turn the check box that
// the style goes by. mdBook's own listener has run before this one.
(function sidebarSwitch() {
    const button = document.getElementById('mdbook-sidebar-toggle');
    const box = document.getElementById('mdbook-sidebar-toggle-anchor');
    // In mdBook's own template the switch is a label, which needs no help.
    if (!button || !box || button.tagName !== 'BUTTON') {
        return;
    }
    button.addEventListener('click', () => {
        box.checked = !box.checked;
        box.dispatchEvent(new Event('change'));
    });
})();

// Whatever can be scrolled sideways can be reached by keyboard.
(function scrollable() {
    function mark() {
        for (const box of document.querySelectorAll('main pre > code, main .table-wrapper')) {
            if (box.scrollWidth > box.clientWidth) {
                box.tabIndex = 0;
                box.setAttribute('role', 'group');
                box.setAttribute('aria-label', box.tagName === 'CODE' ? 'Code' : 'Table');
            } else {
                box.removeAttribute('tabindex');
                box.removeAttribute('role');
                box.removeAttribute('aria-label');
            }
        }
    }
    mark();
    window.addEventListener('resize', mark);
    window.addEventListener('load', mark);
})();

// From a terminal block the copy button takes the commands, not the output.
(function copyCommands() {
    const whole = window.playground_text;
    if (typeof whole !== 'function') {
        return;
    }
    window.playground_text = function (pre, hidden) {
        const text = whole(pre, hidden);
        if (!pre.querySelector('code.language-console')) {
            return text;
        }
        const commands = [];
        let goesOn = false;
        for (const line of text.split('\n')) {
            if (line.startsWith('$ ') || line.startsWith('# ')) {
                commands.push(line.slice(2));
            } else if (goesOn) {
                commands.push(line);
            } else {
                continue;
            }
            goesOn = line.endsWith('\\');
        }
        return commands.join('\n') + '\n';
    };
})();

// `cargo xtask check` hands over what is passed, `#progress=ch1:1100,ch2:0000`.
(function progress() {
    const given = /^#progress=([\w:,]+)$/.exec(location.hash);
    let text = given ? given[1] : '';
    try {
        if (given) {
            localStorage.setItem('galley-progress', text);
            history.replaceState(null, '', location.pathname + location.search);
        } else {
            text = localStorage.getItem('galley-progress') || '';
        }
    } catch { /* Nothing may be kept: it is shown on this page only. */ }
    for (const [, chapter, steps] of text.matchAll(/(ch\d+):([01]+)/g)) {
        document.querySelectorAll(`.steps[data-chapter=${chapter}] a`).forEach((step, index) => {
            if (steps[index] === '1') {
                step.classList.add('done');
                step.ariaLabel += ' (passed)';
            }
        });
        const link = document.querySelector(`#mdbook-sidebar a[href*="${chapter}-"]`);
        if (link) {
            const label = `${steps.replaceAll('0', '').length} of ${steps.length} steps passed`;
            const dots = steps.replaceAll('1', '●').replaceAll('0', '○');
            link.insertAdjacentHTML('beforeend', `<span class="dots" role="img" aria-label="${label}">${dots}</span>`);
        }
    }
    window.addEventListener('hashchange', () => location.hash.startsWith('#progress=') && location.reload());
})();

// `?teach` shows the instructor's notes, `?present` makes slides of a page.
(function views() {
    const main = document.querySelector('main');
    const on = ['teach', 'present'].filter((view) => new URLSearchParams(location.search).has(view));
    if (!on.length || !main) {
        return;
    }
    document.documentElement.classList.add(...on.map((view) => view + 'ing'));
    const bar = document.createElement('p');
    bar.className = 'bar views';
    const links = Object.entries({ Notes: '?teach', Slides: '?present', Leave: '' });
    bar.innerHTML = '<span role="status">Opened for teaching</span>'
        + links.map(([words, view]) => `<a href="${location.pathname}${view}">${words}</a>`).join('');
    main.prepend(bar);

    // From page to page the view stays; the results of a search come later.
    function keep(link) {
        if (link && link.origin === location.origin && !link.closest('.views') && !link.search.match(`[?&]${on[0]}`)) {
            link.search += (link.search ? '&' : '?') + on.join('&');
        }
    }
    document.querySelectorAll('a[href]').forEach(keep);
    document.addEventListener('click', (event) => keep(event.target.closest('a[href]')), true);

    // A slide is a heading and what fits below it; what fits nowhere scrolls.
    function slidesOf() {
        const heads = (block) => /^H[123]$/.test(block.tagName);
        const slides = [];
        let top = 0;
        for (const block of main.children) {
            const box = block.getBoundingClientRect();
            // Of a hidden note there is nothing to show.
            if (block === bar || box.height === 0) {
                continue;
            }
            const [slide] = slides.slice(-1);
            const fits = slide && (slide.every(heads) || box.bottom - top < main.clientHeight * 0.8);
            if (fits && !heads(block)) {
                slide.push(block);
            } else {
                slides.push([block]);
                top = box.top;
            }
        }
        return slides;
    }

    function present() {
        const slides = slidesOf();
        let at = 0;
        bar.insertAdjacentHTML('afterbegin', '<button type="button">Back</button><button type="button">Next</button>');
        const [back, next, status] = bar.children;
        function show(to) {
            if (!slides[to]) {
                document.querySelector(`.nav-chapters.${to < 0 ? 'previous' : 'next'}`)?.click();
                return;
            }
            at = to;
            [...main.children].forEach((block) => block.classList.toggle('away', block !== bar && !slides[at].includes(block)));
            main.scrollTop = 0;
            status.textContent = `${at + 1} of ${slides.length}`;
        }
        function goTo() {
            const part = document.getElementById(location.hash.slice(1));
            show(Math.max(0, slides.findIndex((slide) => slide.some((block) => block.contains(part)))));
        }
        back.onclick = () => show(at - 1);
        next.onclick = () => show(at + 1);
        document.addEventListener('keydown', (event) => {
            const by = { ArrowLeft: -1, PageUp: -1, ArrowRight: 1, PageDown: 1 }[event.key];
            const other = event.altKey || event.ctrlKey || event.metaKey || event.target.closest('.fig, pre, input');
            if (by && !other) {
                event.preventDefault();
                event.stopPropagation();
                show(at + by);
            }
        }, true);
        window.addEventListener('hashchange', goTo);
        main.tabIndex = 0;
        goTo();
    }
    if (on.includes('present')) {
        window.addEventListener('load', present);
    }
})();

// What is folded is printed too.
(function printFolded() {
    function open() {
        for (const part of document.querySelectorAll('details:not([open])')) {
            part.open = true;
        }
    }
    window.addEventListener('beforeprint', open);
    if (/\/print\.html$/.test(window.location.pathname)) {
        open();
    }
})();

// Figures: all of a figure is in the page; this chooses what is visible.
(function figures() {
    function each(root, selector, work) {
        root.querySelectorAll(selector).forEach(work);
    }

    // A strip of frames gets two buttons. At an end a button is only marked as
    // disabled: a truly disabled one would lose the focus.
    function strip(list) {
        const frames = [...list.children];
        const bar = document.createElement('div');
        bar.className = 'bar';
        bar.innerHTML = '<button type="button">Back</button><span role="status"></span><button type="button">Next</button>';
        const [back, count, next] = bar.children;
        let at = 0;
        function show(to) {
            at = Math.max(0, Math.min(frames.length - 1, to));
            const grows = list.classList.contains('grows');
            frames.forEach((frame, n) => {
                frame.classList.toggle('off', grows ? n > at : n !== at);
                frame.classList.toggle('now', n === at);
            });
            count.textContent = `${at + 1} of ${frames.length}`;
            back.setAttribute('aria-disabled', at === 0);
            next.setAttribute('aria-disabled', at === frames.length - 1);
        }
        back.onclick = () => show(at - 1);
        next.onclick = () => show(at + 1);
        bar.onkeydown = (event) => show(at + ({ ArrowLeft: -1, ArrowRight: 1 }[event.key] || 0));
        list.before(bar);
        show(0);
    }

    each(document, '.fig', (fig) => {
        // Elsewhere the arrow keys turn the page.
        fig.addEventListener('keydown', (event) => {
            if (event.key.startsWith('Arrow')) {
                event.stopPropagation();
            }
        });
        fig.classList.add('live');
        each(fig, '.frames', strip);
        function choose() {
            const chosen = new Set();
            each(fig, 'input:checked', (input) => chosen.add(input.value));
            const holds = (term) => (term[0] === '!' ? !chosen.has(term.slice(1)) : chosen.has(term));
            each(fig, '[data-if]', (part) => {
                const cases = part.dataset.if.split(',');
                part.classList.toggle('out', !cases.some((terms) => !terms || terms.split(' ').every(holds)));
            });
        }
        fig.addEventListener('change', choose);
        choose();
    });
})();
