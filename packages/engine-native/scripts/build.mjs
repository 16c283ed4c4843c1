// written by the build helper
