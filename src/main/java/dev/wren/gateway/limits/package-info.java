/** Bounds of what all tenants share, so that no request and no tenant takes all of it. */
@NullMarked
package dev.wren.gateway.limits;

import org.jspecify.annotations.NullMarked;
