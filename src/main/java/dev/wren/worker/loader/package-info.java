/** Class loaders: of a user's jars, of what the worker shares with them, and for threads that outlive a function. */
@NullMarked
package dev.wren.worker.loader;

import org.jspecify.annotations.NullMarked;
