/** Loads a user's function, binds its data, applies it, writes its values, and keeps what it printed. */
@NullMarked
package dev.wren.worker.function;

import org.jspecify.annotations.NullMarked;
