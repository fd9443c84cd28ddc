/** What executors with workers far away have in common: what an invocation holds, and how reports come back. */
@NullMarked
package dev.wren.gateway.executor.remote;

import org.jspecify.annotations.NullMarked;
