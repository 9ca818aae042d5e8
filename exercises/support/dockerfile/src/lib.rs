//! A Dockerfile as data: instructions, flags and here-documents, each with its position.
