/** A machine of a pool: it takes invocations from a queue, and runs them in child JVMs until nobody needs it. */
@NullMarked
package dev.wren.worker.standalone;

import org.jspecify.annotations.NullMarked;
