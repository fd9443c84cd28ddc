/** What a callset is in the store: its manifest, its data, and the log of its outcomes. */
@NullMarked
package dev.wren.gateway.record;

import org.jspecify.annotations.NullMarked;
