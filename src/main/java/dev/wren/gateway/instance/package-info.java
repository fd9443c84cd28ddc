/** Instances: what callers launch, see and end. */
@NullMarked
package dev.wren.gateway.instance;

import org.jspecify.annotations.NullMarked;
