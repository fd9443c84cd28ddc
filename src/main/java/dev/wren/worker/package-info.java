/** The worker process: takes chunks of calls, runs them one after the other, and reports; it knows no Spring. */
@NullMarked
package dev.wren.worker;

import org.jspecify.annotations.NullMarked;
