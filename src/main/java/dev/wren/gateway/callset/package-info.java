/** Callsets while the gateway knows them: their state, who waits for them, what follows their end. Knows no executor. */
@NullMarked
package dev.wren.gateway.callset;

import org.jspecify.annotations.NullMarked;
