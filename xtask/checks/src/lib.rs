//! What the chapters' checks share.
