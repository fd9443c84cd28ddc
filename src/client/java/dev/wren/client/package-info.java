/**
 * Runs functions of this program over data elsewhere, by a gateway: what PyWren's {@code pywren} module was.
 * {@link dev.wren.client.WrenExecutor} is where to begin.
 */
@NullMarked
package dev.wren.client;

import org.jspecify.annotations.NullMarked;
