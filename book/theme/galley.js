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
