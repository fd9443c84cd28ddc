/** A jar as people build it, made what a class loader reads: one jar after the other. */
@NullMarked
package dev.wren.protocol.jar;

import org.jspecify.annotations.NullMarked;
