//! What the pages' own marks say must make sense: front matter, notes, terminals.

use super::{Faults, Source};

pub fn check(sources: &[Source], faults: &mut Faults) {
    for source in sources {
        for fault in pages::Page::parse(&source.text).faults {
            faults.add(format_args!("book/{}:{}", source.name, fault.line), fault.text);
        }
    }
}
