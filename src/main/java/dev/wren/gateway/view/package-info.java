/** What callers see of callsets: futures, results, waits, events. */
@NullMarked
package dev.wren.gateway.view;

import org.jspecify.annotations.NullMarked;
