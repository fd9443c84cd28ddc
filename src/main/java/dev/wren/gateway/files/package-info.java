/** Temporary files that do not outlive the gateway, or only until the next one starts. */
@NullMarked
package dev.wren.gateway.files;

import org.jspecify.annotations.NullMarked;
