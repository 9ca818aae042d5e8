//! Chapter 8: what a process in a container may no longer do.
//!
//! Chapters 1 to 3 decide what a program sees and how much it may take. Root in a container
//! is still root for the kernel. Each step takes something away that an attack needs:
//!
//! 1. [`limit_capabilities`] leaves root a third of its rights, in all five sets;
//! 2. [`switch_user`] gives up root for good, set-user-ID programs included;
//! 3. [`select_rules`] decides from a profile which system calls this container may make;
//! 4. [`install_filter`] makes the kernel enforce that;
//! 5. [`mask_paths`] covers the files of `/proc` and `/sys` that speak of the whole machine;
//! 6. [`restrict_devices`] lets a device node be opened only if it is on a list;
//! 7. [`drop_inherited`] lets go of what the caller of galley had open.
//!
//! Given: [`confine`], which applies them in the one order that works.

mod capabilities;
mod devices;
mod filter;
mod inherited;
mod paths;
mod protection;
mod user;

pub use capabilities::limit_capabilities;
pub use devices::restrict_devices;
pub use filter::{install_filter, select_rules};
pub use inherited::drop_inherited;
pub use paths::mask_paths;
pub use protection::{Protection, confine};
pub use user::{Ids, switch_user};
