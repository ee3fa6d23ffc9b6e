"""What goes out as files: long exports, evidence bundles, papers, profiles."""
