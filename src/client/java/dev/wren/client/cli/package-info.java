/** The command line, {@code wren}. */
@NullMarked
package dev.wren.client.cli;

import org.jspecify.annotations.NullMarked;
