//! One Rust file, counted: what a table of sizes needs to know about it.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A path in the source, such as `crate::page::Page`, and the module it stands in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The inline modules around it, outermost first; the file's own module has none.
    pub module: Vec<String>,
    pub path: Vec<String>,
}

/// A name that a `use` brings into a module.
#[derive(Clone, Debug)]
pub struct Import {
    pub module: Vec<String>,
    /// The name under which it is known here; `*` for all names of a module.
    pub name: String,
    pub path: Vec<String>,
    /// Whether others can reach it through this module: `pub use`.
    pub public: bool,
}

/// What is counted in one file. Modules under `#[cfg(test)]` count as lines only.
#[derive(Default)]
pub struct Source {
    pub lines: usize,
    /// Lines that are neither blank nor all comment.
    pub code: usize,
    /// The same, between the markers of a step.
    pub learner: usize,
    /// All lines between the markers of a step.
    pub learner_lines: usize,
    /// Items with a plain `pub`, methods and re-exported names included; fields and variants not.
    pub public: usize,
    pub unsafe_blocks: usize,
    /// The function with the most lines.
    pub longest: (usize, String),
    /// Child modules that stand in files of their own.
    pub files: Vec<Vec<String>>,
    pub inline: Vec<Vec<String>>,
    pub imports: Vec<Import>,
    pub references: BTreeSet<Reference>,
    module: Vec<String>,
}

impl Source {
    /// Counts `text`; `steps` are the names of the steps' markers.
    pub fn read(text: &str, steps: &[&str]) -> syn::Result<Self> {
        let mut source = Self { lines: text.lines().count(), ..Self::default() };
        source.count_lines(text, steps);
        source.visit_file(&syn::parse_file(text)?);
        Ok(source)
    }

    fn count_lines(&mut self, text: &str, steps: &[&str]) {
        let mut open: Option<&str> = None;
        for line in text.lines().map(str::trim) {
            let marker = |mark: &str| line.strip_prefix(mark).and_then(|name| steps.iter().find(|step| **step == name));
            if let Some(step) = marker("// ANCHOR: ") {
                open = open.or(Some(step));
            } else if marker("// ANCHOR_END: ").is_some_and(|step| open == Some(step)) {
                open = None;
            } else if open.is_some() {
                self.learner_lines += 1;
            }
            if !line.is_empty() && !line.starts_with("//") {
                self.code += 1;
                self.learner += usize::from(open.is_some());
            }
        }
    }

    fn refer(&mut self, path: Vec<String>) {
        if path.len() > 1 {
            self.references.insert(Reference { module: self.module.clone(), path });
        }
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let lines = 1 + body.brace_token.span.close().end().line - signature.fn_token.span.start().line;
        if lines > self.longest.0 {
            self.longest = (lines, signature.ident.to_string());
        }
    }

    fn count_public(&mut self, visibility: &syn::Visibility) {
        self.public += usize::from(matches!(visibility, syn::Visibility::Public(_)));
    }

    fn import(&mut self, tree: &syn::UseTree, mut prefix: Vec<String>, public: bool) {
        let (name, last) = match tree {
            syn::UseTree::Path(path) => {
                prefix.push(path.ident.to_string());
                return self.import(&path.tree, prefix, public);
            }
            syn::UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.import(tree, prefix.clone(), public));
            }
            syn::UseTree::Glob(_) => ("*".to_owned(), None),
            syn::UseTree::Rename(rename) => (rename.rename.to_string(), Some(rename.ident.to_string())),
            syn::UseTree::Name(name) => (name.ident.to_string(), Some(name.ident.to_string())),
        };
        let mut path = prefix;
        match last.as_deref() {
            // `use super::page::{self, Page}`: the module itself.
            Some("self") => {}
            Some(last) => path.push(last.to_owned()),
            None => {}
        }
        let name = if name == "self" { path.last().cloned().unwrap_or_default() } else { name };
        self.imports.push(Import { module: self.module.clone(), name, path, public });
    }

    /// Paths in the arguments of a macro, which nothing parses.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if colons == 2 => {
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.refer(std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Ident(ident) => path.push(ident.to_string()),
                        TokenTree::Group(group) => self.tokens(group.stream()),
                        _ => {}
                    }
                }
            }
        }
        self.refer(path);
    }
}

impl<'ast> Visit<'ast> for Source {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if is_test(item) {
            return;
        }
        if let Some(visibility) = visibility(item) {
            self.count_public(visibility);
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        self.module.push(module.ident.to_string());
        if module.content.is_some() {
            self.inline.push(self.module.clone());
            visit::visit_item_mod(self, module);
        } else {
            self.files.push(self.module.clone());
        }
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let before = self.imports.len();
        self.import(&item.tree, Vec::new(), !matches!(item.vis, syn::Visibility::Inherited));
        if matches!(item.vis, syn::Visibility::Public(_)) {
            self.public += self.imports.len() - before;
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.count_public(&function.vis);
        self.function(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.unsafe_blocks += 1;
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.refer(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}

fn is_test(item: &syn::Item) -> bool {
    let attributes = match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        _ => return false,
    };
    let test = |attribute: &syn::Attribute| {
        attribute.path().is_ident("test")
            || attribute.path().is_ident("cfg")
                && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "test")
    };
    attributes.iter().any(test)
}

fn visibility(item: &syn::Item) -> Option<&syn::Visibility> {
    Some(match item {
        syn::Item::Const(item) => &item.vis,
        syn::Item::Enum(item) => &item.vis,
        syn::Item::Fn(item) => &item.vis,
        syn::Item::Mod(item) => &item.vis,
        syn::Item::Static(item) => &item.vis,
        syn::Item::Struct(item) => &item.vis,
        syn::Item::Trait(item) => &item.vis,
        syn::Item::Type(item) => &item.vis,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_between_the_markers_of_a_step_are_the_learners() {
        let text = "//! A.\npub fn a() {\n    // ANCHOR: a\n    // why\n    b();\n\n    c();\n    // ANCHOR_END: a\n}\n\n// ANCHOR: map\nfn d() {}\n// ANCHOR_END: map\n";
        let source = Source::read(text, &["a"]).expect("Rust");
        assert_eq!((source.lines, source.code, source.learner, source.learner_lines), (13, 5, 2, 4));
        assert_eq!((source.public, source.longest.0), (1, 8));
    }

    #[test]
    fn paths_are_found_in_code_and_in_macros_but_not_in_tests() {
        let text = "use crate::{a::{self, B}, c as d};\nfn f() { g::h(); println!(\"{}\", i::j(k::L)); unsafe { m() } }\n#[cfg(test)]\nmod tests { use super::x; }\n";
        let source = Source::read(text, &[]).expect("Rust");
        let paths: Vec<String> = source.references.iter().map(|reference| reference.path.join("::")).collect();
        assert_eq!(paths, ["g::h", "i::j", "k::L"]);
        let imports: Vec<(&str, String)> =
            source.imports.iter().map(|import| (import.name.as_str(), import.path.join("::"))).collect();
        assert_eq!(imports, [("a", "crate::a".into()), ("B", "crate::a::B".into()), ("d", "crate::c".into())]);
        assert_eq!(source.unsafe_blocks, 1);
    }
}
