/** Runs the calls of a chunk in this process, one after the other, and keeps the process clean between callsets. */
@NullMarked
package dev.wren.worker.run;

import org.jspecify.annotations.NullMarked;
