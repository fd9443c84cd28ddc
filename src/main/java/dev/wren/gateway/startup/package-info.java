/** What a newcomer sees: the last line of the start, and a first map in the terminal. */
@NullMarked
package dev.wren.gateway.startup;

import org.jspecify.annotations.NullMarked;
