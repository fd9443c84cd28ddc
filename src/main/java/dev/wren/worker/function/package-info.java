/** Loads a user's function, finds its handler, applies it, and tells how a call ended. */
@NullMarked
package dev.wren.worker.function;

import org.jspecify.annotations.NullMarked;
