//! What a local image storage needs beside its blobs: tags, load and save, the layer cache, prune.
