// What HTML alone cannot do in the console: the menu on narrow screens, copying a key, the two panes of a
// customize list, and showing only granted rows. Everything else works without it or is htmx's.
(() => {
  'use strict'
  const closest = (event, selector) => event.target.closest ? event.target.closest(selector) : null

  const menu = document.querySelector('.menu')
  if (menu && window.matchMedia('(max-width: 48rem)').matches) menu.open = false

  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy)
    field.select()
    try { await navigator.clipboard.writeText(field.value) } catch { document.execCommand('copy') }
    button.dataset.words ??= button.firstChild.textContent
    button.firstChild.textContent = 'Copied'
    setTimeout(() => { button.firstChild.textContent = button.dataset.words }, 2000)
  }

  const move = (form, to) => {
    const all = to.startsWith('all-')
    const side = to.replace('all-', '')
    const target = form.querySelector('#' + side)
    const source = form.querySelector(side === 'left' ? '#right' : '#left')
    const chosen = [...source.options].filter((option) => all || option.selected)
    if (chosen.length === 0) return
    for (const option of chosen) { target.add(option); option.selected = false }
    const sorted = [...target.options].sort((one, other) => one.value.localeCompare(other.value))
    for (const option of sorted) target.add(option)
    const mode = form.querySelector('[name=mode][value=everything]')
    if (mode.checked) form.querySelector('[name=mode][value=allow]').checked = true
  }

  document.addEventListener('click', (event) => {
    const copied = closest(event, '[data-copy]')
    if (copied) copy(copied)
    const moved = closest(event, '[data-move]')
    if (moved) move(moved.form, moved.dataset.move)
    const close = closest(event, '[data-close]')
    if (close) close.closest('dialog').close()
  })
  document.addEventListener('dblclick', (event) => {
    const pane = closest(event, '.panes select')
    if (pane) move(pane.form, pane.id === 'left' ? 'right' : 'left')
  })

  // A pane sends what it holds, not what happens to be marked in it.
  const mark = (event) => {
    const pane = event.target.querySelector && event.target.querySelector('#left')
    if (pane) for (const option of pane.options) option.selected = true
  }
  document.addEventListener('submit', mark, true)
  document.addEventListener('htmx:configRequest', (event) => {
    const form = closest(event, 'dialog form')
    if (!form || event.detail.verb !== 'post') return
    const pane = form.querySelector('#left')
    if (pane) {
      event.detail.formData.delete('left')
      for (const option of pane.options) event.detail.formData.append('left', option.value)
    }
  })
  let opener = null
  document.addEventListener('htmx:beforeRequest', (event) => {
    if (event.target.matches('button.link')) opener = event.target
    // The stream of calls pauses while nobody looks, and while someone is on one of its links.
    const rows = event.target.id === 'rows' ? event.target : null
    if (rows && (document.hidden || rows.contains(document.activeElement))) event.preventDefault()
  })
  document.addEventListener('htmx:afterSwap', (event) => {
    if (event.target.id !== 'dialog') return
    const dialog = event.target.querySelector('dialog')
    if (dialog) {
      dialog.showModal()
      dialog.addEventListener('close', () => { dialog.remove(); if (opener) opener.focus() })
    } else {
      if (opener) opener.focus()
      document.body.dispatchEvent(new Event('lists'))
    }
  })

  document.addEventListener('change', (event) => {
    const only = closest(event, '[data-only-granted]')
    if (only) document.getElementById('matrix').classList.toggle('only', only.checked)
    const level = closest(event, '.matrix select')
    if (level) {
      level.className = level.value
      const row = level.closest('tr')
      row.classList.toggle('granted', [...row.querySelectorAll('select')].some((one) => one.value !== 'None'))
      const module = row.closest('.module')
      const granted = module.querySelectorAll('tr.granted').length
      module.dataset.granted = granted
      const rows = module.querySelectorAll('tbody tr').length
      module.querySelector('.count').textContent = granted > 0 ? `${granted} of ${rows}` : `${rows}`
    }
  })
})()
