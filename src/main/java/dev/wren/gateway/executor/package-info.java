/** Where calls run: the SPI of executors, and which of them are configured. Knows no HTTP but its own list. */
@NullMarked
package dev.wren.gateway.executor;

import org.jspecify.annotations.NullMarked;
