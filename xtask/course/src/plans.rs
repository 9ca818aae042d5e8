//! How the workbook is taught: sessions of a class, in hours of the day.
//!
//! The book makes its schedules of these, with the minutes of the instructor's
//! notes; its lint fails where a session takes longer than it lasts.

/// One way to teach the workbook.
pub struct Plan {
    /// What the teaching guide calls it.
    pub name: &'static str,
    pub sessions: &'static [Session],
}

/// A part of a day without a long break. Times are minutes since midnight.
pub struct Session {
    pub begins: u32,
    pub ends: u32,
    pub items: &'static [Item],
    /// What comes after it.
    pub then: &'static str,
}

/// What a session is made of.
pub enum Item {
    /// A page, taught by its notes.
    Page(&'static str),
    /// A page that is only shown, in this many minutes.
    Shown(&'static str, u32),
    /// Anything else.
    Other(&'static str, u32),
}

use Item::{Other, Page, Shown};

const fn at(hours: u32, minutes: u32) -> u32 {
    60 * hours + minutes
}

const FIRST_DAY: &[Session] = &[
    Session {
        begins: at(9, 0),
        ends: at(12, 30),
        items: &[
            Shown("what-is-a-container.md", 15),
            Shown("docker-podman-galley.md", 30),
            Page("ch1-chroot.md"),
            Other("a break", 15),
            Other("finish chapter 1; questions", 30),
        ],
        then: "lunch",
    },
    Session {
        begins: at(13, 30),
        ends: at(17, 30),
        items: &[Page("ch2-namespaces.md"), Other("a break", 15), Page("ch3-cgroups.md")],
        then: "the end of the day",
    },
];

/// Every plan, from the shortest to the longest.
pub const PLANS: &[Plan] = &[
    Plan {
        name: "half-day",
        sessions: &[
            Session {
                begins: at(9, 0),
                ends: at(10, 30),
                items: &[
                    Page("introduction.md"),
                    Page("setup.md"),
                    Page("what-is-a-container.md"),
                    Page("history.md"),
                    Page("the-application.md"),
                    Page("writing-a-dockerfile.md"),
                ],
                then: "a break",
            },
            Session {
                begins: at(10, 50),
                ends: at(12, 30),
                items: &[
                    Page("docker-podman-galley.md"),
                    Shown("ch1-chroot.md", 30),
                    Other("questions, and what it is made of", 15),
                ],
                then: "the end",
            },
        ],
    },
    Plan { name: "day", sessions: FIRST_DAY },
    Plan {
        name: "second-day",
        sessions: &[
            Session {
                begins: at(9, 0),
                ends: at(12, 45),
                items: &[Page("ch4-images.md"), Other("a break", 15), Page("ch5-build.md")],
                then: "lunch",
            },
            Session {
                begins: at(13, 45),
                ends: at(17, 0),
                items: &[Page("ch6-run.md"), Other("a break", 15), Page("ch7-registry.md")],
                then: "the end",
            },
        ],
    },
];
