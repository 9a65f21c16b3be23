package chart

import _ "embed"

// CSS styles the charts. Its colours are properties, for light, dark and paper: a page turns dark with data-theme="dark" on its root
// element, light with "light", and follows the reader's system without either.
//
//go:embed chart.css
var CSS string

// Script shows the numbers of a point under the mouse or with the focus, and lets arrow keys go from point to point. It needs no
// other script, and charts that are put into the page later work too.
//
//go:embed chart.js
var Script string
