/** The function that a worker is trained with; it is loaded from a jar, like a user's. */
@NullMarked
package dev.wren.worker.training;

import org.jspecify.annotations.NullMarked;
