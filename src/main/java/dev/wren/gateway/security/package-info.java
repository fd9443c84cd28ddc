/** Who may call: anybody on this machine while there are no keys, and those with a key otherwise. */
@NullMarked
package dev.wren.gateway.security;

import org.jspecify.annotations.NullMarked;
