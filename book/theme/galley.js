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
