// What HTML alone cannot do in the console: the menu on narrow screens, copying a key, the two panes of a
// customize list, and showing only granted rows. Everything else works without it or is htmx's.
(() => {
  'use strict'
  const closest = (event, selector) => event.target.closest ? event.target.closest(selector) : null

  const menu = document.querySelector('.menu')
  const narrow = window.matchMedia('(max-width: 48rem)')
  if (menu && narrow.matches) menu.open = false
  // A window that is widened has no button to open it with.
  if (menu) narrow.addEventListener('change', () => { menu.open = !narrow.matches })

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
    const fill = closest(event, '[data-fill]')
    if (fill) fillSection(fill)
    const pause = closest(event, '[data-pause]')
    if (pause) live.toggle(pause)
    for (const open of document.querySelectorAll('.popup[open]')) if (!open.contains(event.target)) open.open = false
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

  // A row's menu opens on a right click too, and shuts with Escape.
  document.addEventListener('contextmenu', (event) => {
    const row = closest(event, '[data-menu]')
    const menu = row && row.querySelector('.popup')
    if (!menu) return
    event.preventDefault()
    for (const other of document.querySelectorAll('.popup[open]')) other.open = other === menu
    menu.open = true
    menu.querySelector('a').focus()
  })
  document.addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && closest(event, '.popup[open]')
    if (menu) { menu.open = false; menu.querySelector('summary').focus() }
  })

  // Full Permission and No Permission of a section of a security level.
  const fillSection = (button) => {
    const top = button.dataset.fill === 'top'
    const section = button.closest('.section')
    for (const box of section.querySelectorAll('input[type=checkbox]')) box.checked = top
    for (const list of section.querySelectorAll('select')) list.selectedIndex = top ? list.options.length - 1 : 0
    for (const number of section.querySelectorAll('input[type=number]')) if (!top) number.value = '0'
    for (const row of section.querySelectorAll('tr')) shade(row)
    count(section.closest('.module'))
  }
  const NOTHING = ['None', 'No', '', 'Unchecked']
  const shade = (row) => {
    for (const list of row.querySelectorAll('select')) {
      const last = list.selectedIndex === list.options.length - 1
      list.className = NOTHING.includes(list.value) ? 'None' : list.value === 'My' ? 'My' : last ? 'All' : 'My'
    }
    const lists = [...row.querySelectorAll('select')].some((one) => !NOTHING.includes(one.value))
    const boxes = [...row.querySelectorAll('input[type=checkbox]')].some((one) => one.checked)
    row.classList.toggle('granted', lists || boxes)
  }
  const count = (module) => {
    const granted = module.querySelectorAll('tr.granted').length
    const rows = module.querySelectorAll('tbody tr').length
    module.dataset.granted = granted
    module.querySelector('.count').textContent = granted > 0 ? `${granted} of ${rows}` : `${rows}`
  }

  // New calls come as server-sent events, each a row. While someone is on a row's link, they wait.
  const live = {
    held: [],
    paused: false,
    start () {
      this.rows = document.getElementById('calls')
      if (!this.rows || !this.rows.dataset.stream) return
      const button = document.querySelector('[data-pause]')
      if (button) button.hidden = false
      const source = new EventSource(this.rows.dataset.stream)
      source.addEventListener('call', (event) => { this.held.unshift(event.data); this.show() })
      window.addEventListener('pagehide', () => source.close())
      this.rows.addEventListener('focusout', () => setTimeout(() => this.show(), 0))
    },
    show () {
      if (this.paused || this.rows.contains(document.activeElement)) { this.held.length = Math.min(this.held.length, 100); return }
      if (this.held.length === 0) return
      // A call between the page and its stream is in both.
      const known = (row) => { const at = row.match(/href="([^"]+)"/); return at && this.rows.querySelector(`a[href="${at[1]}"]`) }
      this.rows.insertAdjacentHTML('afterbegin', this.held.filter((row) => !known(row)).join(''))
      this.held = []
      document.getElementById('none')?.remove()
      while (this.rows.rows.length > Number(this.rows.dataset.most)) this.rows.lastElementChild.remove()
    },
    toggle (button) {
      this.paused = !this.paused
      button.textContent = this.paused ? 'Go on' : 'Pause'
      this.show()
    }
  }
  live.start()

  // Try it: the call that a form describes, made from here.
  const trial = document.querySelector('form[data-try]')
  if (trial) {
    const parameters = trial.querySelector('[data-parameters]')
    const ask = () => {
      const names = [...trial.elements.call.value.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      parameters.replaceChildren(...names.map((name) => {
        const field = document.createElement('div')
        field.className = 'field'
        const label = document.createElement('label')
        label.htmlFor = `path-${name}`
        label.textContent = name
        const input = document.createElement('input')
        input.id = label.htmlFor
        input.dataset.name = name
        input.required = true
        field.append(label, input)
        return field
      }))
    }
    trial.elements.call.addEventListener('change', ask)
    ask()
    trial.addEventListener('submit', async (event) => {
      event.preventDefault()
      const value = (name) => trial.elements[name].value.trim()
      const space = value('call').indexOf(' ')
      const method = value('call').slice(0, space)
      let path = value('call').slice(space + 1)
      for (const input of parameters.querySelectorAll('input')) path = path.replace(`{${input.dataset.name}}`, encodeURIComponent(input.value))
      const query = value('query')
      let headers
      if (trial.elements.secret) headers = { UserName: value('username'), Secret: value('secret'), ApiIntegrationCode: value('code') }
      else {
        const bytes = new TextEncoder().encode(`${value('company')}+${value('public')}:${value('private')}`)
        headers = { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}`, clientid: value('client') }
      }
      const init = { method, headers }
      if (value('body') && method !== 'GET') { init.body = value('body'); headers['content-type'] = 'application/json' }
      const answer = document.querySelector('[data-answer]')
      const status = document.createElement('p')
      const body = document.createElement('pre')
      try {
        const response = await fetch(trial.dataset.try + path + (query ? `?${query}` : ''), init)
        const text = await response.text()
        const denial = response.headers.get('x-bitting-denial')
        status.className = response.ok ? 'said' : 'wrong'
        status.textContent = `${response.status} ${response.statusText}${denial ? `: ${denial}` : ''}`
        try { body.textContent = JSON.stringify(JSON.parse(text), null, 2) } catch { body.textContent = text }
        if (body.textContent.length > 100000) body.textContent = `${body.textContent.slice(0, 100000)}\n…`
      } catch (error) {
        status.className = 'wrong'
        status.textContent = error.message
      }
      body.className = 'card'
      body.tabIndex = 0
      answer.replaceChildren(status, body)
    })
  }

  document.addEventListener('change', (event) => {
    const only = closest(event, '[data-only-granted]')
    if (only) document.getElementById('matrix').classList.toggle('only', only.checked)
    const level = closest(event, '.matrix select, .matrix input')
    if (level) {
      shade(level.closest('tr'))
      count(level.closest('.module'))
    }
  })
})()
