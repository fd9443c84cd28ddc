/** What a call prints: caught, kept within bounds, and shown as head and tail. */
@NullMarked
package dev.wren.worker.output;

import org.jspecify.annotations.NullMarked;
