/** JSON that is taken over byte by byte: values with their digits, within bounds of memory. */
@NullMarked
package dev.wren.gateway.json;

import org.jspecify.annotations.NullMarked;
