// Package pages holds what the pages of assay share besides their charts: a switch for light and dark, and tables that are sorted
// and filtered.
//
// A table with the class "data" gets both. Its headings become buttons that sort by their column: numbers by value, times by time,
// and words as people count, so that c=8 comes before c=16. A cell with data-sort is sorted by that instead of its text. A column
// without an order, as one of buttons, has data-nosort on its heading. A table of many rows gets a box above it that keeps the
// rows which hold all words typed, and says how many are left. An element with the class "theme-here" gets the switch; the choice is
// kept in the browser.
//
// All controls are made by the script: without one, and on paper, a page shows every row and no dead button. The colours that the
// style sheet uses are those of package chart, whose CSS a page includes before this one.
package pages

import _ "embed"

// CSS styles tables and the switch.
//
//go:embed pages.css
var CSS string

// Script makes the controls. A page that changes its tables later calls assayTables(element) for what is new; what was sorted stays
// so when assaySorted(table) is called after rows were replaced.
//
//go:embed pages.js
var Script string
