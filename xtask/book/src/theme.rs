//! The stock template with its accessibility faults corrected.
//!
//! mdBook writes out its own template, and the edits below are made to it. Each
//! must match exactly once, so that an mdBook with another template stops the build
//! instead of silently bringing a fault back. The repository holds no copy of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use mdbook_driver::MDBook;

use crate::files;

/// An exact text of a template, its replacement, and the fault that this corrects.
pub struct Edit {
    fault: &'static str,
    old: &'static str,
    new: &'static str,
}

/// What is wrong with the page template.
const PAGE: &[Edit] = &[
    Edit {
        fault: "no skip link",
        old: r#"    <body>
    <div id="mdbook-help-container">"#,
        new: r##"    <body>
    {{#if base_url}}<nav aria-label="Shortcut"><a class="skip-link" href="404.html#mdbook-content">Skip to the text</a></nav>
    {{else}}<a class="skip-link" href="#mdbook-content">Skip to the text</a>{{/if}}
    <div id="mdbook-help-container">"##,
    },
    Edit {
        fault: "the help is not a dialog",
        old: r#"<div id="mdbook-help-popup">"#,
        new: r#"<div id="mdbook-help-popup" role="dialog" aria-label="Keyboard shortcuts">"#,
    },
    Edit {
        fault: "the sidebar's toggle is a label, which no keyboard reaches",
        old: r#"<label id="mdbook-sidebar-toggle" class="icon-button" for="mdbook-sidebar-toggle-anchor" title="Toggle Table of Contents" aria-label="Toggle Table of Contents" aria-controls="mdbook-sidebar">
                            {{fa "solid" "bars"}}
                        </label>"#,
        new: r#"<button id="mdbook-sidebar-toggle" class="icon-button" type="button" title="Table of contents" aria-label="Table of contents" aria-controls="mdbook-sidebar">
                            {{fa "solid" "bars"}}
                        </button>
                        <noscript><a class="contents-link" href="{{ path_to_root }}toc.html">Contents</a></noscript>"#,
    },
    Edit {
        fault: "the sidebar's check box is in the tab order of readers without script",
        old: r#"<input type="checkbox" id="mdbook-sidebar-toggle-anchor" class="hidden">"#,
        new: r#"<input type="checkbox" id="mdbook-sidebar-toggle-anchor" class="hidden" tabindex="-1" aria-hidden="true">"#,
    },
    Edit {
        fault: "the frame for readers without script has no name",
        old: r#"<iframe class="sidebar-iframe-outer" src="#,
        new: r#"<iframe class="sidebar-iframe-outer" title="Table of contents" src="#,
    },
    Edit {
        fault: "the menu bar is in no landmark",
        old: r#"<div id="mdbook-menu-bar" class="menu-bar sticky">"#,
        new: r#"<div id="mdbook-menu-bar" role="banner" class="menu-bar sticky">"#,
    },
    Edit {
        fault: "two headings of the first level",
        old: r#"<h1 class="menu-title">{{ book_title }}</h1>"#,
        new: r#"<div class="menu-title"><a href="{{ path_to_root }}index.html">{{ book_title }}</a></div>"#,
    },
    Edit {
        fault: "five themes, of which two are tested here",
        old: r#"                            <li role="none"><button role="menuitem" class="theme" id="mdbook-theme-rust">Rust</button></li>
                            <li role="none"><button role="menuitem" class="theme" id="mdbook-theme-coal">Coal</button></li>
                            <li role="none"><button role="menuitem" class="theme" id="mdbook-theme-navy">Navy</button></li>
                            <li role="none"><button role="menuitem" class="theme" id="mdbook-theme-ayu">Ayu</button></li>
"#,
        new: r#"                            <li role="none"><button role="menuitem" class="theme" id="mdbook-theme-navy">Dark</button></li>
"#,
    },
    Edit {
        fault: "the search is in no landmark",
        old: r#"<div id="mdbook-search-wrapper" class="hidden">"#,
        new: r#"<div id="mdbook-search-wrapper" role="search" class="hidden">"#,
    },
    Edit {
        fault: "the search field has no name, and names a description that does not exist",
        old: r#"aria-controls="mdbook-searchresults-outer" aria-describedby="searchresults-header">"#,
        new: r#"aria-label="Search this book" aria-controls="mdbook-searchresults-outer" aria-describedby="mdbook-searchresults-header">"#,
    },
    Edit {
        fault: "the number of results is not announced",
        old: r#"<div id="mdbook-searchresults-header" class="searchresults-header"></div>"#,
        new: r#"<div id="mdbook-searchresults-header" class="searchresults-header" role="status"></div>"#,
    },
    Edit {
        fault: "the skip link's target cannot take the focus",
        old: r#"<div id="mdbook-content" class="content">"#,
        new: r#"<div id="mdbook-content" class="content" tabindex="-1">"#,
    },
];

/// What is wrong with the page that holds only the table of contents.
pub const CONTENTS_PAGE: &[Edit] = &[
    Edit {
        fault: "no title, and no icon, so that browsers ask for one",
        old: r#"<meta charset="UTF-8">"#,
        new: r#"<meta charset="UTF-8"><title>Contents</title><link rel="icon" href="data:,">"#,
    },
    Edit {
        fault: "no heading and no landmark",
        old: r#"<body class="sidebar-iframe-inner">"#,
        new: r#"<body class="sidebar-iframe-inner"><main><h1>Contents</h1>"#,
    },
    Edit { fault: "no landmark's end", old: "</body>", new: "</main></body>" },
];

/// Stands where mdBook has 230 KiB of web fonts. A reader's own system has
/// good fonts, and they are there at once.
const FONTS: &str = r#"html { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif; }
:root { --mono-font: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; }
"#;

/// Lets mdBook write its template below `scratch`, edits it, and returns its directory.
pub fn prepare(scratch: &Path) -> Result<PathBuf> {
    if scratch.exists() {
        fs::remove_dir_all(scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    }
    MDBook::init(scratch).copy_theme(true).build()?;
    let theme = scratch.join("theme");
    let index = theme.join("index.hbs");
    files::write(&index, replace_all(&files::read(&index)?, PAGE)?)?;

    let fonts = theme.join("fonts");
    for path in files::walk(&fonts)? {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    files::write(&fonts.join("fonts.css"), FONTS)?;
    Ok(theme)
}

/// Makes every edit; each must match exactly once.
pub fn replace_all(text: &str, edits: &[Edit]) -> Result<String> {
    let mut text = text.to_owned();
    for edit in edits {
        let matches = text.matches(edit.old).count();
        ensure!(
            matches == 1,
            "the edit of mdBook's template against '{}' matches {matches} times, not once; \
             compare it with the template of the mdBook in use",
            edit.fault
        );
        text = text.replacen(edit.old, edit.new, 1);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDITS: &[Edit] = &[Edit { fault: "one is not two", old: "one", new: "two" }];

    #[test]
    fn an_edit_that_matches_once_is_made() {
        assert_eq!(replace_all("one three", EDITS).expect("one match"), "two three");
    }

    #[test]
    fn an_edit_that_matches_never_or_twice_stops_the_build() {
        assert!(replace_all("three", EDITS).is_err());
        assert!(replace_all("one one", EDITS).is_err());
    }
}
