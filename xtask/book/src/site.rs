//! What search engines and previews read: a description of each page, and on a site
//! with a known address the page's own address, a picture, and a map of all pages.
//!
//! The site's address is mdBook's `output.html.site-url`, in book.toml or in the
//! variable `MDBOOK_OUTPUT__HTML__SITE_URL`, which the publishing workflow sets.
//! Without one, nothing that needs an address is written.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};
use mdbook_driver::MDBook;
use mdbook_driver::book::BookItem;

use crate::inline::escape;
use crate::{files, front, page};

/// What a link to the book is shown with, 1200 by 630 pixels; `social.svg` beside
/// it is its source.
const PICTURE: &str = "images/social.png";

/// A page as search engines see it.
struct Description<'a> {
    title: &'a str,
    text: &'a str,
    /// Its file, below the pages.
    file: &'a str,
}

/// Writes the tags into the built pages, and the map beside them.
pub fn describe(book: &MDBook, pages: &Path) -> Result<()> {
    let site = address(book)?;
    let general = description_tag(&book.config.book.description.clone().unwrap_or_default());
    let mut listed = Vec::new();
    for item in book.iter() {
        let BookItem::Chapter(chapter) = item else { continue };
        let Some(path) = &chapter.path else { continue };
        let (front, body) = front::split(&chapter.content)?;
        let own = front.map(|front| front.description).filter(|text| !text.is_empty());
        let Some(text) = own.or_else(|| page::first_paragraph(body)) else { continue };
        let name = path.with_extension("html").display().to_string();
        // mdBook writes the first page a second time, as the site's index: that
        // copy is the one to be found.
        let file = if listed.is_empty() { "index.html".to_owned() } else { name.clone() };
        let tags = tags(site.as_deref(), &Description { title: &chapter.name, text: &text, file: &file });
        if listed.is_empty() {
            replace(&pages.join(&file), &general, &tags)?;
        }
        replace(&pages.join(&name), &general, &tags)?;
        listed.push(file);
    }
    site.map_or(Ok(()), |site| files::write(&pages.join("sitemap.xml"), map(&site, &listed)))
}

/// The site's address with a slash at its end; none if there is only a path.
fn address(book: &MDBook) -> Result<Option<String>> {
    let configured: Option<String> = book.config.get("output.html.site-url")?;
    let site = configured.filter(|site| site.starts_with("https://") || site.starts_with("http://"));
    Ok(site.map(|site| format!("{}/", site.trim_end_matches('/'))))
}

fn replace(path: &Path, old: &str, new: &str) -> Result<()> {
    let html = files::read(path)?;
    let count = html.matches(old).count();
    ensure!(count == 1, "{} has {count} descriptions as mdBook writes them, not one", path.display());
    files::write(path, html.replacen(old, new, 1))
}

fn description_tag(text: &str) -> String {
    format!("<meta name=\"description\" content=\"{}\">", escape(text))
}

fn tags(site: Option<&str>, page: &Description<'_>) -> String {
    let mut tags = description_tag(page.text);
    let mut add = |name: &str, text: &str| {
        let _ = write!(tags, "\n        <meta property=\"{name}\" content=\"{}\">", escape(text));
    };
    add("og:type", "article");
    add("og:title", page.title);
    add("og:description", page.text);
    if let Some(site) = site {
        let address = page_address(site, page.file);
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

/// The map as <https://www.sitemaps.org/protocol.html> defines it.
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

    const PAGE: Description<'_> = Description { title: "A & B", text: "Says \"it\".", file: "a.html" };

    #[test]
    fn a_site_gives_a_page_its_address_and_a_picture() {
        let tags = tags(Some("https://a.example/book/"), &PAGE);
        assert!(tags.contains("<link rel=\"canonical\" href=\"https://a.example/book/a.html\">"), "{tags}");
        assert!(tags.contains("content=\"https://a.example/book/images/social.png\""), "{tags}");
        assert!(tags.contains("content=\"A &amp; B\""), "{tags}");
    }

    #[test]
    fn without_a_site_nothing_names_an_address() {
        let tags = tags(None, &PAGE);
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
