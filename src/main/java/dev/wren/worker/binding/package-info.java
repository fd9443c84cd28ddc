/** From a datum's JSON to a function's parameters, and from its value to JSON. */
@NullMarked
package dev.wren.worker.binding;

import org.jspecify.annotations.NullMarked;
