/** Maps and what callers see of them: callsets, futures, and waiting for them. Knows no executor. */
@NullMarked
package dev.wren.gateway.callset;

import org.jspecify.annotations.NullMarked;
