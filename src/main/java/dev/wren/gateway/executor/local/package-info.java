/** Runs calls in warm child JVMs on the gateway's machine. */
@NullMarked
package dev.wren.gateway.executor.local;

import org.jspecify.annotations.NullMarked;
