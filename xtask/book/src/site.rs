//! What search engines and previews are told: a description of each page, and on
//! a site of its own the page's address, a picture, and a map of all pages.
//!
//! The site's address is mdBook's `output.html.site-url`, in book.toml or in the
//! variable `MDBOOK_OUTPUT__HTML__SITE_URL`, which the publishing workflow sets.
//! Without one, nothing that needs an address is written.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use mdbook_driver::MDBook;
use mdbook_driver::book::BookItem;

use crate::failure::{Failure, Result};
use crate::preprocess::inline::escape;
use crate::{front, page};

/// What a link to the book is shown with, 1200 by 630 pixels; `social.svg` beside
/// it is its source.
const PICTURE: &str = "images/social.png";

/// A page as it is told of.
struct Told<'a> {
    title: &'a str,
    text: &'a str,
    /// Its file, below the pages.
    file: &'a str,
}

/// Writes the tags into the built pages, and the map beside them.
pub fn tell(book: &MDBook, pages: &Path) -> Result<()> {
    let site = address(book)?;
    let general = description_tag(&book.config.book.description.clone().unwrap_or_default());
    let mut files = Vec::new();
    for item in book.iter() {
        let BookItem::Chapter(chapter) = item else { continue };
        let Some(path) = &chapter.path else { continue };
        let (front, body) = front::split(&chapter.content)?;
        let own = front.map(|front| front.description).filter(|text| !text.is_empty());
        let Some(text) = own.or_else(|| page::first_paragraph(body)) else { continue };
        let name = path.with_extension("html").display().to_string();
        // mdBook writes the first page a second time, as the site's index: that
        // copy is the one to be found.
        let file = if files.is_empty() { "index.html".to_owned() } else { name.clone() };
        let tags = tags(site.as_deref(), &Told { title: &chapter.name, text: &text, file: &file });
        if files.is_empty() {
            replace(&pages.join(&file), &general, &tags)?;
        }
        replace(&pages.join(&name), &general, &tags)?;
        files.push(file);
    }
    if let Some(site) = site {
        let path = pages.join("sitemap.xml");
        fs::write(&path, map(&site, &files)).map_err(Failure::io("write", &path))?;
    }
    Ok(())
}

/// The site's address with a slash at its end; none if there is only a path.
fn address(book: &MDBook) -> Result<Option<String>> {
    let given: Option<String> =
        book.config.get("output.html.site-url").map_err(|error| Failure::new(format!("book.toml: {error:#}")))?;
    Ok(given.filter(|site| site.starts_with("https://") || site.starts_with("http://")).map(|site| {
        let site = site.trim_end_matches('/');
        format!("{site}/")
    }))
}

fn replace(path: &Path, old: &str, new: &str) -> Result<()> {
    let html = fs::read_to_string(path).map_err(Failure::io("read", path))?;
    if html.matches(old).count() != 1 {
        return Err(Failure::new(format!("{} has not one description, as mdBook writes it", path.display())));
    }
    fs::write(path, html.replacen(old, new, 1)).map_err(Failure::io("write", path))
}

fn description_tag(text: &str) -> String {
    format!("<meta name=\"description\" content=\"{}\">", escape(text))
}

fn tags(site: Option<&str>, told: &Told<'_>) -> String {
    let mut tags = description_tag(told.text);
    let mut add = |name: &str, text: &str| {
        let _ = write!(tags, "\n        <meta property=\"{name}\" content=\"{}\">", escape(text));
    };
    add("og:type", "article");
    add("og:title", told.title);
    add("og:description", told.text);
    if let Some(site) = site {
        let address = page_address(site, told.file);
        add("og:url", &address);
        add("og:image", &format!("{site}{PICTURE}"));
        add("og:image:width", "1200");
        add("og:image:height", "630");
        add("og:image:alt", "Two boxes, one inside the other: a process with walls of its own");
        tags += "\n        <meta name=\"twitter:card\" content=\"summary_large_image\">";
        let _ = write!(tags, "\n        <link rel=\"canonical\" href=\"{}\">", escape(&address));
    }
    tags
}

fn page_address(site: &str, file: &str) -> String {
    format!("{site}{}", if file == "index.html" { "" } else { file })
}

/// As <https://www.sitemaps.org/protocol.html> has it.
fn map(site: &str, files: &[String]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for file in files {
        let _ = writeln!(xml, "<url><loc>{}</loc></url>", escape(&page_address(site, file)));
    }
    xml + "</urlset>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: Told<'_> = Told { title: "A & B", text: "Says \"it\".", file: "a.html" };

    #[test]
    fn a_site_gives_a_page_its_address_and_a_picture() {
        let tags = tags(Some("https://a.example/book/"), &TOLD);
        assert!(tags.contains("<link rel=\"canonical\" href=\"https://a.example/book/a.html\">"), "{tags}");
        assert!(tags.contains("content=\"https://a.example/book/images/social.png\""), "{tags}");
        assert!(tags.contains("content=\"A &amp; B\""), "{tags}");
    }

    #[test]
    fn without_a_site_nothing_names_an_address() {
        let tags = tags(None, &TOLD);
        assert!(tags.starts_with("<meta name=\"description\" content=\"Says &quot;it&quot;.\">"), "{tags}");
        assert!(!tags.contains("://") && !tags.contains("og:image"), "{tags}");
    }

    #[test]
    fn the_map_has_the_index_by_the_sites_own_address() {
        let xml = map("https://a.example/", &["index.html".to_owned(), "b.html".to_owned()]);
        assert!(xml.contains("<loc>https://a.example/</loc>"), "{xml}");
        assert!(xml.contains("<loc>https://a.example/b.html</loc>"), "{xml}");
    }
}
