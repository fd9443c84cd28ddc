/** What workers far away from their gateway have in common: links into the store, jars that are kept, the reports queue. */
@NullMarked
package dev.wren.worker.remote;

import org.jspecify.annotations.NullMarked;
